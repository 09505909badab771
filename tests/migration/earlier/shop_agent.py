"""The shop's support agent."""

import json
import time

import anthropic

client = anthropic.Anthropic()

SYSTEM = "You answer the customers of a small crockery shop. Use the tools; never guess."

TOOLS = [
    {
        "name": "lookup_order",
        "description": "What is known about an order.",
        "input_schema": {
            "type": "object",
            "properties": {"order_id": {"type": "string"}},
            "required": ["order_id"],
        },
    },
    {
        "name": "check_stock",
        "description": "How many pieces of a product there are.",
        "input_schema": {
            "type": "object",
            "properties": {"product": {"type": "string"}},
            "required": ["product"],
        },
    },
]

PASSING = (anthropic.APIConnectionError, anthropic.RateLimitError, anthropic.InternalServerError)


def lookup_order(order_id):
    return {"order_id": order_id, "items": ["teapot", "blue mug"], "state": "shipped", "arrives": "Friday"}


def check_stock(product):
    return {"product": product, "pieces": 12}


HANDLERS = {"lookup_order": lookup_order, "check_stock": check_stock}


def model_turn(request, stream):
    if not stream:
        return client.messages.create(**request)
    with client.messages.stream(**request) as live:
        return live.get_final_message()


def ask(messages, stream):
    """One model turn, tried three times."""
    request = {
        "model": "claude-sonnet-5",
        "max_tokens": 500,
        "system": SYSTEM,
        "tools": TOOLS,
        "messages": messages,
    }
    for wait in (1, 4):
        try:
            return model_turn(request, stream)
        except PASSING:
            time.sleep(wait)
    return model_turn(request, stream)


def answer(ctx, turn_input, stream=False):
    messages = ctx.agent_state.setdefault("messages", [])
    messages.append({"role": "user", "content": turn_input})
    while True:
        message = ask(messages, stream)
        messages.append({"role": "assistant", "content": message.content})
        if message.stop_reason != "tool_use":
            return "".join(block.text for block in message.content if block.type == "text")
        results = []
        for block in message.content:
            if block.type == "tool_use":
                content = json.dumps(HANDLERS[block.name](**block.input))
                results.append({"type": "tool_result", "tool_use_id": block.id, "content": content})
        messages.append({"role": "user", "content": results})


def support_agent(ctx, turn_input):
    return answer(ctx, turn_input)


def streaming_agent(ctx, turn_input):
    """The same behind the shop's chat window; a customer never sees an exception."""
    try:
        return answer(ctx, turn_input, stream=True)
    except Exception:
        return "Sorry, something went wrong here. Please ask again in a minute."
