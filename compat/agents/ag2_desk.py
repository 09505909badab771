# /// script
# dependencies = ["ag2", "ag2[openai]"]
# ///
"""A refund desk on AG2."""

from __future__ import annotations

from ag2 import Agent
from ag2.config import OpenAIConfig
from desk import INSTRUCTIONS, QUESTION, lookup_order, refund

from agent_chaos import BaselineScenario, Turn

desk = Agent(
    "refunds", prompt=INSTRUCTIONS, config=OpenAIConfig(model="gpt-5-mini"), tools=[lookup_order, refund]
)


async def agent(ctx, turn_input):
    return (await desk.ask(turn_input)).body


scenario = BaselineScenario(name="ag2", agent=agent, turns=[Turn(QUESTION)])
