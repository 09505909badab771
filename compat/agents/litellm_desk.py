# /// script
# dependencies = ["litellm"]
# ///
"""LiteLLM in a loop that calls the tools itself, so that they are wrapped."""

from __future__ import annotations

import json

import litellm
from desk import QUESTION, lookup_order, refund

import agent_chaos
from agent_chaos import BaselineScenario, Turn

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": function.__name__,
            "description": function.__doc__,
            "parameters": {
                "type": "object",
                "properties": {name: {"type": kind} for name, kind in parameters.items()},
                "required": list(parameters),
            },
        },
    }
    for function, parameters in (
        (lookup_order, {"order_id": "string"}),
        (refund, {"order_id": "string", "amount": "number"}),
    )
]
KNOWN = {"lookup_order": agent_chaos.tool(lookup_order), "refund": agent_chaos.tool(refund)}


async def agent(ctx, turn_input):
    messages = [{"role": "user", "content": turn_input}]
    while True:
        told = await litellm.acompletion(model="anthropic/claude-sonnet-5", messages=messages, tools=TOOLS)
        said = told.choices[0].message
        messages.append(said)
        if not said.tool_calls:
            return said.content
        for call in said.tool_calls:
            result = KNOWN[call.function.name](**json.loads(call.function.arguments))
            messages.append({"role": "tool", "tool_call_id": call.id, "content": str(result)})


scenario = BaselineScenario(name="litellm", agent=agent, turns=[Turn(QUESTION)])
