"""Text of a failed attempt, kept in front of the whole answer."""

import anthropic
import pytest

from agent_chaos.oracles.verdict import Verdict
from tests.oracles.desk import KEY, fault, found, judged
from tests.standin.said import Said
from tests.standin.wires import MODELS

ANSWER = (Said("The ferry to Bergen leaves at nine from pier four, every day but Sunday."),)
BROKEN = [
    fault("reset_in_body", boundary="mid_text", offset=0),
    fault("error_event", error="overloaded", where="middle"),
]


def telling(forgets):
    """An agent that streams its answer to the user and asks again where the stream breaks."""

    def agent(ctx, text):
        client = anthropic.Anthropic(api_key=KEY, max_retries=0)
        told = []
        for _ in range(3):
            try:
                with client.messages.stream(
                    model=MODELS["anthropic_messages"],
                    max_tokens=99,
                    messages=[{"role": "user", "content": text}],
                ) as stream:
                    told.extend(stream.text_stream)
                return "".join(told)
            except Exception:
                if forgets:
                    told.clear()
        raise RuntimeError("no answer")

    return agent


@pytest.mark.parametrize("broken", BROKEN, ids=lambda one: one.kind)
def test_an_answer_that_begins_twice_is_found(broken):
    outcome = judged(telling(False), "anthropic_messages", {"call 0": broken}, said=ANSWER)
    (violation,) = outcome.violations

    assert found(outcome) == {"duplicate_text:answer"}
    assert violation.before == ANSWER[0].text
    assert violation.after.endswith(ANSWER[0].text)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda one: one.kind)
def test_an_answer_that_begins_anew_passes(broken):
    outcome = judged(telling(True), "anthropic_messages", {"call 0": broken}, said=ANSWER)

    assert outcome.verdict is Verdict.PASS
