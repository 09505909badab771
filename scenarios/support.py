"""A support agent with parallel tools: OpenAI Chat Completions, two turns of one conversation."""

import json

from openai import OpenAI

import agent_chaos
from agent_chaos import BaselineScenario, Turn

client = OpenAI()

SYSTEM = {
    "role": "system",
    "content": "You answer customers of a parcel service. Use the tools; never guess.",
}

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": description,
            "parameters": {
                "type": "object",
                "properties": {"number": {"type": "string"}},
                "required": ["number"],
            },
        },
    }
    for name, description in (
        ("track_parcel", "Where a parcel is."),
        ("delivery_window", "When a parcel will be delivered."),
        ("reschedule", "Move the delivery of a parcel to the next working day."),
    )
]


@agent_chaos.tool
def track_parcel(number: str) -> dict:
    return {"number": number, "place": "Leipzig hub", "state": "in transit"}


@agent_chaos.tool
def delivery_window(number: str) -> dict:
    return {"number": number, "date": "2026-11-24", "from": "09:00", "to": "12:00"}


@agent_chaos.tool
def reschedule(number: str) -> dict:
    return {"number": number, "date": "2026-11-25"}


HANDLERS = {"track_parcel": track_parcel, "delivery_window": delivery_window, "reschedule": reschedule}


def agent(ctx, turn_input):
    messages = ctx.agent_state.setdefault("messages", [SYSTEM])
    messages.append({"role": "user", "content": turn_input})
    for _ in range(10):
        completion = client.chat.completions.create(model="gpt-5.1", messages=messages, tools=TOOLS)
        message = completion.choices[0].message
        messages.append(message)
        if not message.tool_calls:
            return message.content
        for call in message.tool_calls:
            arguments = json.loads(call.function.arguments)
            result = HANDLERS[call.function.name](**arguments)
            messages.append({"role": "tool", "tool_call_id": call.id, "content": json.dumps(result)})
    return "I could not finish this; a colleague will call you."


support_scenario = BaselineScenario(
    name="support",
    description="A customer asks where a parcel is, then moves its delivery.",
    agent=agent,
    turns=[
        Turn("Where is my parcel 00340434161094042557, and when will it arrive?"),
        Turn("I am not at home then. Can you move it to the next day?"),
    ],
)
