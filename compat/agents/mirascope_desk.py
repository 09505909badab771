# /// script
# dependencies = ["mirascope[openai]"]
# ///
"""A refund desk on Mirascope."""

from __future__ import annotations

from desk import QUESTION, lookup_order, refund
from mirascope import llm

from agent_chaos import BaselineScenario, Turn


@llm.call("openai/gpt-5-mini:completions", tools=[llm.tool(lookup_order), llm.tool(refund)])
def desk(question: str):
    return question


def agent(ctx, turn_input):
    response = desk(turn_input)
    while response.tool_calls:
        response = response.resume(response.execute_tools())
    return response.pretty()


scenario = BaselineScenario(name="mirascope", agent=agent, turns=[Turn(QUESTION)])
