# /// script
# dependencies = ["dspy"]
# ///
"""A refund desk on DSPy's ReAct, which asks for tools in its text."""

from __future__ import annotations

import dspy
from desk import QUESTION, lookup_order, refund

from agent_chaos import BaselineScenario, Turn

dspy.configure(lm=dspy.LM("openai/gpt-4o-mini", cache=False))
desk = dspy.ReAct("question -> answer", tools=[lookup_order, refund])


def agent(ctx, turn_input):
    return desk(question=turn_input).answer


scenario = BaselineScenario(name="dspy", agent=agent, turns=[Turn(QUESTION)])
