# /// script
# dependencies = ["agent-framework-core", "agent-framework-openai"]
# ///
"""A refund desk on Microsoft's Agent Framework."""

from __future__ import annotations

from agent_framework import Agent
from agent_framework.openai import OpenAIChatClient
from desk import INSTRUCTIONS, QUESTION, lookup_order, refund

from agent_chaos import BaselineScenario, Turn


async def agent(ctx, turn_input):
    desk = Agent(
        OpenAIChatClient(model="gpt-5-mini"), instructions=INSTRUCTIONS, tools=[lookup_order, refund]
    )
    return str(await desk.run(turn_input))


scenario = BaselineScenario(name="agent_framework", agent=agent, turns=[Turn(QUESTION)])
