# /// script
# dependencies = ["llama-index-core", "llama-index-llms-openai"]
# ///
"""A refund desk on LlamaIndex."""

from __future__ import annotations

from desk import INSTRUCTIONS, QUESTION, lookup_order, refund
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.llms.openai import OpenAI

from agent_chaos import BaselineScenario, Turn

desk = FunctionAgent(
    tools=[lookup_order, refund], llm=OpenAI(model="gpt-4o-mini"), system_prompt=INSTRUCTIONS
)


async def agent(ctx, turn_input):
    return str(await desk.run(user_msg=turn_input))


scenario = BaselineScenario(name="llama_index", agent=agent, turns=[Turn(QUESTION)])
