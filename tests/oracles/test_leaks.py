"""Streams and threads that are left behind where a turn fails."""

import threading

import openai
import pytest

from agent_chaos.oracles.verdict import Verdict
from tests.oracles.desk import KEY, fault, found, judged
from tests.spoken import MODELS
from tests.standin.said import Said

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
