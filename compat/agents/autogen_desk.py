# /// script
# dependencies = ["autogen-agentchat", "autogen-ext[openai]"]
# ///
"""A refund desk on AutoGen."""

from __future__ import annotations

from autogen_agentchat.agents import AssistantAgent
from autogen_ext.models.openai import OpenAIChatCompletionClient
from desk import INSTRUCTIONS, QUESTION, lookup_order, refund

from agent_chaos import BaselineScenario, Turn


async def agent(ctx, turn_input):
    client = OpenAIChatCompletionClient(model="gpt-4o-mini")
    desk = AssistantAgent(
        "refunds",
        model_client=client,
        tools=[lookup_order, refund],
        system_message=INSTRUCTIONS,
        max_tool_iterations=5,
    )
    return (await desk.run(task=turn_input)).messages[-1].content


scenario = BaselineScenario(name="autogen", agent=agent, turns=[Turn(QUESTION)])
