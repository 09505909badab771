"""Streams, threads and tasks that are left behind where a turn fails."""

import asyncio
import queue
import threading

import openai
import pytest

from agent_chaos.oracles.verdict import Verdict
from tests.oracles.desk import KEY, fault, found, judged
from tests.standin.said import Said
from tests.standin.wires import MODELS

ANSWER = (Said("The ferry leaves at nine."),)
REFUSED = {"call 0": fault("refusal")}


class Reader:
    """An agent that stops reading where the provider's filter struck, with the stream in a field of its own."""

    def __init__(self, closes):
        self.closes = closes

    def __call__(self, ctx, text):
        client = openai.OpenAI(api_key=KEY, max_retries=0)
        self.stream = client.chat.completions.create(
            model=MODELS["openai_chat"], messages=[{"role": "user", "content": text}], stream=True
        )
        said = ""
        for chunk in self.stream:
            if any(choice.finish_reason == "content_filter" for choice in chunk.choices):
                if self.closes:
                    self.stream.close()
                return "I may not answer that."
            said += "".join(choice.delta.content or "" for choice in chunk.choices)
        return said


def test_a_stream_left_open_where_a_turn_gives_up_is_found():
    outcome = judged(Reader(closes=False), "openai_chat", REFUSED, said=ANSWER)

    assert found(outcome) == {"leaks:response"}
    assert "call 0 still open" in outcome.violations[0].reason


def test_a_stream_that_is_closed_there_passes():
    assert judged(Reader(closes=True), "openai_chat", REFUSED, said=ANSWER).verdict is Verdict.PASS


@pytest.mark.parametrize(("joins", "kinds"), [(False, {"leaks:thread"}), (True, set())])
def test_a_thread_that_outlives_a_failed_turn_is_found(joins, kinds):
    stop = threading.Event()

    def agent(ctx, text):
        watcher = threading.Thread(target=stop.wait)
        watcher.start()
        answer = Reader(closes=True)(ctx, text)
        if joins or not answer.startswith("I may not"):
            stop.set()
            watcher.join()
            stop.clear()
        return answer

    outcome = judged(agent, "openai_chat", REFUSED, said=ANSWER)
    stop.set()

    assert found(outcome) == kinds


BOTH = (Said("The ferry leaves at nine."), Said("The bus leaves at ten."))
UNREACHABLE = {"call 0": fault("connect_error")}


async def ask(client, text):
    answer = await client.chat.completions.create(
        model=MODELS["openai_chat"], messages=[{"role": "user", "content": text}]
    )
    return answer.choices[0].message.content


def asking_both(together, sorry="Sorry, I cannot say."):
    """An agent that asks two things at once; `together` awaits the two."""

    async def agent(ctx, text):
        async with openai.AsyncOpenAI(api_key=KEY, max_retries=0) as client:
            try:
                return " ".join(await together(client, text))
            except (openai.APIError, ExceptionGroup):
                return sorry

    return agent


async def gathered(client, text):
    return await asyncio.gather(ask(client, f"{text} By ferry?"), ask(client, f"{text} By bus?"))


async def gathered_from_the_sdk(client, text):
    asked = (
        client.chat.completions.create(
            model=MODELS["openai_chat"], messages=[{"role": "user", "content": f"{text} By {means}?"}]
        )
        for means in ("ferry", "bus")
    )
    return [answer.choices[0].message.content for answer in await asyncio.gather(*asked)]


async def grouped(client, text):
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(ask(client, f"{text} By {means}?")) for means in ("ferry", "bus")]
    return [one.result() for one in asked]


async def cancelled(client, text):
    asked = [asyncio.create_task(ask(client, f"{text} By {means}?")) for means in ("ferry", "bus")]
    try:
        return [await one for one in asked]
    finally:
        for one in asked:
            one.cancel()


@pytest.mark.parametrize("together", [gathered, gathered_from_the_sdk])
def test_a_task_that_goes_on_after_the_one_beside_it_failed_is_found(together):
    outcome = judged(asking_both(together), "openai_chat", UNREACHABLE, said=BOTH, stream=False)
    (violation,) = [one for one in outcome.violations if one.oracle == "leaks"]

    assert violation.fingerprint == "leaks:task"
    assert f"test_leaks.py:{together.__name__}" in violation.reason


@pytest.mark.parametrize("together", [grouped, cancelled])
def test_tasks_that_end_with_their_turn_pass(together):
    outcome = judged(asking_both(together), "openai_chat", UNREACHABLE, said=BOTH, stream=False)

    assert outcome.trace.answers[0].text == "Sorry, I cannot say."
    assert "leaks:task" not in found(outcome)


def test_what_runs_on_after_a_clean_run_too_is_no_leak():
    async def agent(ctx, text):
        background.add(asyncio.create_task(forever()))
        return await refused_or_answered(text)

    async def forever():
        await asyncio.Event().wait()

    async def refused_or_answered(text):
        async with openai.AsyncOpenAI(api_key=KEY, max_retries=0) as client:
            try:
                return await ask(client, text)
            except openai.APIError:
                return "Sorry, I cannot say."

    background = set()
    outcome = judged(agent, "openai_chat", {"call 0": fault("auth_error")}, said=ANSWER, stream=False)

    assert outcome.verdict is Verdict.PASS


def test_background_work_of_a_library_is_none_of_the_agents():
    async def agent(ctx, text):
        async with openai.AsyncOpenAI(api_key=KEY, max_retries=0) as client:
            try:
                return await ask(client, text)
            except openai.APIError:
                kept.append(library_starts())
                return "Sorry, I cannot say."

    kept = []
    source = "import asyncio\ndef start():\n    return asyncio.ensure_future(asyncio.Event().wait())\n"
    library = {}
    exec(compile(source, f"{openai.__path__[0]}/worker.py", "exec"), library)
    library_starts = library["start"]
    outcome = judged(agent, "openai_chat", {"call 0": fault("auth_error")}, said=ANSWER, stream=False)

    assert kept[0].cancelled()
    assert outcome.verdict is Verdict.PASS


def test_background_work_that_only_takes_longer_is_no_leak():
    async def agent(ctx, text):
        async with openai.AsyncOpenAI(api_key=KEY) as client:
            summary.add(asyncio.create_task(ask(client, f"Summarise: {text}")))
            await asyncio.sleep(2)
            return "Thank you."

    summary = set()
    slow = {"call 0": fault("slow_first_byte", seconds=30)}

    assert judged(agent, "openai_chat", slow, said=ANSWER, stream=False).verdict is Verdict.PASS


@pytest.mark.parametrize("seconds", [19, 20, 21])
def test_a_thread_that_still_waits_for_a_reply_at_the_turns_deadline_is_over_with_its_clients_timeout(
    seconds,
):
    def agent(ctx, text):
        answers = queue.Queue()

        def work():
            client = openai.OpenAI(api_key=KEY, max_retries=0, timeout=60)
            said = [{"role": "user", "content": text}]
            reply = client.chat.completions.create(model=MODELS["openai_chat"], messages=said)
            answers.put(reply.choices[0].message.content)

        threading.Thread(target=work, daemon=True).start()
        try:
            return answers.get(timeout=19)
        except queue.Empty:
            return "It takes too long."

    stalled = {"call 0": fault("stall", boundary="mid_body", seconds=seconds)}
    outcome = judged(agent, "openai_chat", stalled, said=ANSWER, stream=False)

    assert outcome.trace.answers[0].text == "It takes too long."
    assert found(outcome) == set()
