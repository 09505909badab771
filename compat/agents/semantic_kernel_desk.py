# /// script
# dependencies = ["semantic-kernel"]
# ///
"""A refund desk on Semantic Kernel."""

from __future__ import annotations

import desk as tools
from desk import INSTRUCTIONS, QUESTION
from semantic_kernel.agents import ChatCompletionAgent
from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion
from semantic_kernel.functions import kernel_function

from agent_chaos import BaselineScenario, Turn


class Shop:
    @kernel_function(description="Look up an order by its id.")
    def lookup_order(self, order_id: str) -> str:
        return str(tools.lookup_order(order_id))

    @kernel_function(description="Refund an amount in dollars for an order.")
    def refund(self, order_id: str, amount: float) -> str:
        return tools.refund(order_id, amount)


async def agent(ctx, turn_input):
    service = OpenAIChatCompletion(ai_model_id="gpt-4o-mini")
    clerk = ChatCompletionAgent(service=service, name="Refunds", instructions=INSTRUCTIONS, plugins=[Shop()])
    return str((await clerk.get_response(messages=turn_input)).content)


scenario = BaselineScenario(name="semantic_kernel", agent=agent, turns=[Turn(QUESTION)])
