# /// script
# dependencies = ["crewai"]
# ///
"""A refund desk on CrewAI."""

from __future__ import annotations

from crewai import Agent, Crew, Task
from crewai.tools import tool
from desk import QUESTION, lookup_order, refund

from agent_chaos import BaselineScenario, Turn

tools = [tool("lookup_order")(lookup_order), tool("refund")(refund)]


def agent(ctx, turn_input):
    clerk = Agent(
        role="Refund clerk",
        goal="Refund returned orders",
        backstory="You work at a shop.",
        tools=tools,
        llm="openai/gpt-4o-mini",
    )
    task = Task(description=turn_input, expected_output="A short confirmation", agent=clerk)
    return Crew(agents=[clerk], tasks=[task]).kickoff().raw


scenario = BaselineScenario(name="crewai", agent=agent, turns=[Turn(QUESTION)])
