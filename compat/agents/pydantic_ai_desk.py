# /// script
# dependencies = ["pydantic-ai-slim", "pydantic-ai-slim[openai]"]
# ///
"""A refund desk on pydantic-ai."""

from __future__ import annotations

from desk import INSTRUCTIONS, QUESTION, lookup_order, refund
from pydantic_ai import Agent

from agent_chaos import BaselineScenario, Turn

desk = Agent("openai:gpt-5-mini", instructions=INSTRUCTIONS, tools=[lookup_order, refund])


def agent(ctx, turn_input):
    return desk.run_sync(turn_input).output


scenario = BaselineScenario(name="pydantic_ai", agent=agent, turns=[Turn(QUESTION)])
