# /// script
# dependencies = ["langgraph", "langchain", "langchain-openai"]
# ///
"""A refund desk on LangGraph, by LangChain's `create_agent`."""

from __future__ import annotations

from desk import INSTRUCTIONS, QUESTION, lookup_order, refund
from langchain.agents import create_agent

from agent_chaos import BaselineScenario, Turn

graph = create_agent("openai:gpt-5-mini", tools=[lookup_order, refund], system_prompt=INSTRUCTIONS)


def agent(ctx, turn_input):
    return graph.invoke({"messages": [{"role": "user", "content": turn_input}]})["messages"][-1].text


scenario = BaselineScenario(name="langgraph", agent=agent, turns=[Turn(QUESTION)])
