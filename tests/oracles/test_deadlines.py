"""An agent with a deadline of its own, as `termination` advises, is blamed neither for a leak nor for another answer."""

import asyncio

import openai
import pytest

from tests.oracles.desk import KEY, fault, found, judged
from tests.standin.said import Said
from tests.standin.wires import MODELS

ANSWER = (Said("The ferry leaves at nine."),)
LATE = {
    "first byte": fault("slow_first_byte", seconds=40),
    "no headers": fault("timeout_before_headers", seconds=600),
}


def asking(deadline_s):
    async def agent(ctx, text):
        client = openai.AsyncOpenAI(api_key=KEY, max_retries=0)
        asked = [{"role": "user", "content": text}]
        try:
            async with asyncio.timeout(deadline_s):
                completion = await client.chat.completions.create(model=MODELS["openai_chat"], messages=asked)
        except TimeoutError:
            return "Sorry, this takes too long just now."
        return completion.choices[0].message.content

    return agent


@pytest.mark.parametrize("late", LATE.values(), ids=LATE)
def test_a_deadline_that_ends_a_late_call_is_sound(late):
    assert found(judged(asking(20), "openai_chat", {"call 0": late}, said=ANSWER, stream=False)) == set()


def test_an_agent_without_one_waits_for_ever():
    outcome = judged(
        asking(None), "openai_chat", {"call 0": LATE["no headers"]}, said=ANSWER, stream=False, budget_s=60
    )

    assert {one for one in found(outcome) if one.startswith("termination")}
