# /// script
# dependencies = ["magentic"]
# ///
"""A refund desk on Magentic."""

from desk import QUESTION, lookup_order, refund
from magentic import prompt_chain

from agent_chaos import BaselineScenario, Turn


@prompt_chain("You refund returned orders. {question}", functions=[lookup_order, refund])
def answer(question: str) -> str: ...


def agent(ctx, turn_input):
    return answer(turn_input)


scenario = BaselineScenario(name="magentic", agent=agent, turns=[Turn(QUESTION)])
