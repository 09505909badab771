# /// script
# dependencies = ["smolagents", "smolagents[openai]"]
# ///
"""A refund desk on smolagents."""

from __future__ import annotations

from desk import QUESTION, lookup_order, refund
from smolagents import OpenAIServerModel, ToolCallingAgent, tool

from agent_chaos import BaselineScenario, Turn

tools = [tool(lookup_order), tool(refund)]


def agent(ctx, turn_input):
    return str(ToolCallingAgent(tools=tools, model=OpenAIServerModel("gpt-4o-mini")).run(turn_input))


scenario = BaselineScenario(name="smolagents", agent=agent, turns=[Turn(QUESTION)])
