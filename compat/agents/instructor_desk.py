# /// script
# dependencies = ["instructor", "openai"]
# ///
"""Structured output by Instructor, on which plain code acts."""

from __future__ import annotations

import instructor
from desk import QUESTION, refund
from pydantic import BaseModel

from agent_chaos import BaselineScenario, Turn


class Refund(BaseModel):
    order_id: str
    amount: float


client = instructor.from_provider("openai/gpt-5-mini")


def agent(ctx, turn_input):
    asked = client.chat.completions.create(
        response_model=Refund, messages=[{"role": "user", "content": turn_input}]
    )
    return refund(asked.order_id, asked.amount)


scenario = BaselineScenario(name="instructor", agent=agent, turns=[Turn(QUESTION)])
