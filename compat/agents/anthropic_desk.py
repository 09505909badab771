# /// script
# dependencies = ["anthropic"]
# ///
"""A refund desk on the tool runner of Anthropic's SDK."""

from __future__ import annotations

import json

from anthropic import Anthropic, beta_tool
from desk import INSTRUCTIONS, QUESTION, refund
from desk import lookup_order as look_up

from agent_chaos import BaselineScenario, Turn

client = Anthropic()


@beta_tool
def lookup_order(order_id: str) -> str:
    """Look up an order by its id.

    Args:
        order_id: The id of the order.
    """
    return json.dumps(look_up(order_id))


tools = [lookup_order, beta_tool(refund)]


def agent(ctx, turn_input):
    runner = client.beta.messages.tool_runner(
        model="claude-sonnet-5",
        max_tokens=1000,
        system=INSTRUCTIONS,
        tools=tools,
        messages=[{"role": "user", "content": turn_input}],
    )
    return runner.until_done().content[0].text


scenario = BaselineScenario(name="anthropic", agent=agent, turns=[Turn(QUESTION)])
