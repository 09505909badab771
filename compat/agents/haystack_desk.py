# /// script
# dependencies = ["haystack-ai"]
# ///
"""A refund desk on Haystack."""

from __future__ import annotations

from desk import INSTRUCTIONS, QUESTION, lookup_order, refund
from haystack.components.agents import Agent
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.dataclasses import ChatMessage
from haystack.tools import create_tool_from_function

from agent_chaos import BaselineScenario, Turn

desk = Agent(
    chat_generator=OpenAIChatGenerator(model="gpt-5-mini"),
    tools=[create_tool_from_function(lookup_order), create_tool_from_function(refund)],
    system_prompt=INSTRUCTIONS,
)


def agent(ctx, turn_input):
    return desk.run(messages=[ChatMessage.from_user(turn_input)])["messages"][-1].text


scenario = BaselineScenario(name="haystack", agent=agent, turns=[Turn(QUESTION)])
