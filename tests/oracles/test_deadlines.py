"""An agent with a deadline of its own, as `termination` advises, is blamed neither for a leak nor for another answer."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

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


def raising(deadline_s):
    async def agent(ctx, text):
        client = openai.AsyncOpenAI(api_key=KEY, max_retries=0)
        asked = [{"role": "user", "content": text}]
        async with asyncio.timeout(deadline_s):
            completion = await client.chat.completions.create(model=MODELS["openai_chat"], messages=asked)
        return completion.choices[0].message.content

    return agent


def in_a_pool(deadline_s):
    def agent(ctx, text):
        client = openai.OpenAI(api_key=KEY, max_retries=0)
        asked = [{"role": "user", "content": text}]
        pool = ThreadPoolExecutor(1)
        asking = pool.submit(client.chat.completions.create, model=MODELS["openai_chat"], messages=asked)
        return asking.result(timeout=deadline_s).choices[0].message.content

    return agent


@pytest.mark.parametrize("agent", [raising, in_a_pool])
@pytest.mark.parametrize("late", LATE.values(), ids=LATE)
def test_a_deadline_that_is_raised_is_an_error_like_any_other(agent, late):
    # At the very second of the reply's first byte, too.
    for deadline_s in (20, 40):
        outcome = judged(agent(deadline_s), "openai_chat", {"call 0": late}, said=ANSWER, stream=False)
        assert found(outcome) == set()


def test_a_client_that_is_not_asked_again_after_its_own_timeout_is_found():
    async def agent(ctx, text):
        client = openai.AsyncOpenAI(api_key=KEY, max_retries=0, timeout=20)
        asked = [{"role": "user", "content": text}]
        return (
            (await client.chat.completions.create(model=MODELS["openai_chat"], messages=asked))
            .choices[0]
            .message.content
        )

    outcome = judged(agent, "openai_chat", {"call 0": LATE["first byte"]}, said=ANSWER, stream=False)

    assert found(outcome) == {"unhandled_exception:openai.APITimeoutError in test_deadlines.py:agent"}


def test_an_agent_without_one_waits_for_ever():
    outcome = judged(
        asking(None), "openai_chat", {"call 0": LATE["no headers"]}, said=ANSWER, stream=False, budget_s=60
    )

    assert {one for one in found(outcome) if one.startswith("termination")}
