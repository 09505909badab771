# /// script
# dependencies = ["llm"]
# ///
"""A refund desk on `llm`."""

from __future__ import annotations

import llm
from desk import QUESTION, lookup_order, refund

from agent_chaos import BaselineScenario, Turn


def agent(ctx, turn_input):
    return llm.get_model("gpt-4o-mini").chain(turn_input, tools=[lookup_order, refund]).text()


scenario = BaselineScenario(name="llm", agent=agent, turns=[Turn(QUESTION)])
