# /// script
# dependencies = ["agno", "openai"]
# ///
"""A refund desk on Agno."""

from __future__ import annotations

from agno.agent import Agent
from agno.models.openai import OpenAIChat
from desk import INSTRUCTIONS, QUESTION, lookup_order, refund

from agent_chaos import BaselineScenario, Turn

desk = Agent(model=OpenAIChat(id="gpt-5-mini"), tools=[lookup_order, refund], instructions=INSTRUCTIONS)


def agent(ctx, turn_input):
    return desk.run(turn_input).content


scenario = BaselineScenario(name="agno", agent=agent, turns=[Turn(QUESTION)])
