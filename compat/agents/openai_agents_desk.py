# /// script
# dependencies = ["openai-agents"]
# ///
"""A refund desk on the OpenAI Agents SDK."""

from __future__ import annotations

from agents import Agent, Runner, function_tool
from desk import INSTRUCTIONS, QUESTION, lookup_order, refund

from agent_chaos import BaselineScenario, Turn

desk = Agent(
    name="Refunds", instructions=INSTRUCTIONS, tools=[function_tool(lookup_order), function_tool(refund)]
)


async def agent(ctx, turn_input):
    return (await Runner.run(desk, turn_input)).final_output


scenario = BaselineScenario(name="openai_agents", agent=agent, turns=[Turn(QUESTION)])
