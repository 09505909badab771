"""A refund agent, as the SDK's quick start would have it: Anthropic, streaming, a tool loop."""

import json

from anthropic import Anthropic

import agent_chaos
from agent_chaos import BaselineScenario, Turn

client = Anthropic()

SYSTEM = (
    "You are the refund desk of a web shop. Look up the order first, then refund what the customer is owed."
)

TOOLS = [
    {
        "name": "lookup_order",
        "description": "Look up an order by its number.",
        "input_schema": {
            "type": "object",
            "properties": {"order_id": {"type": "string"}},
            "required": ["order_id"],
        },
    },
    {
        "name": "refund",
        "description": "Pay money back to the customer, in US dollars.",
        "input_schema": {
            "type": "object",
            "properties": {"order_id": {"type": "string"}, "amount": {"type": "number"}},
            "required": ["order_id", "amount"],
        },
    },
]


@agent_chaos.tool
def lookup_order(order_id: str) -> dict:
    return {"order_id": order_id, "item": "Laptop Pro 14", "total": 1500, "status": "returned"}


@agent_chaos.tool
def refund(order_id: str, amount: float) -> str:
    return f"refunded ${amount:,.0f} on order {order_id}"


HANDLERS = {"lookup_order": lookup_order, "refund": refund}


def agent(ctx, turn_input):
    messages = [{"role": "user", "content": turn_input}]
    while True:
        with client.messages.stream(
            model="claude-sonnet-5", max_tokens=1024, system=SYSTEM, tools=TOOLS, messages=messages
        ) as stream:
            message = stream.get_final_message()
        calls = [block for block in message.content if block.type == "tool_use"]
        if not calls:
            return {"response": "".join(block.text for block in message.content if block.type == "text")}
        messages.append({"role": "assistant", "content": message.content})
        results = []
        for call in calls:
            result = HANDLERS[call.name](**call.input)
            results.append({"type": "tool_result", "tool_use_id": call.id, "content": json.dumps(result)})
        messages.append({"role": "user", "content": results})


refund_scenario = BaselineScenario(
    name="refund",
    description="A customer returns a laptop and asks for the money back.",
    agent=agent,
    turns=[Turn("I sent back my laptop, order A-17. Please refund what I paid.")],
)
