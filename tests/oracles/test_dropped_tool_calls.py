"""Tool calls that an agent cannot read, and of which the model never hears."""

import json

import pytest

from agent_chaos.oracles.verdict import Verdict
from agent_chaos.patch.tools import tool
from tests.oracles.desk import (
    SAID,
    SPEAKERS,
    Chat,
    Heard,
    Unavailable,
    desk,
    fault,
    found,
    judged,
    refund,
    strict,
)
from tests.standin.said import Called, Said

FOUND = {"swallowed_error:tool call"}
DONE = refund(order="A-17", amount=1500)
UNREADABLE = [
    fault("malformed_arguments", shape="trailing_comma", call=0),
    fault("malformed_arguments", shape="cut", call=0),
    fault("malformed_arguments", shape="null", call=0),
    fault("unknown_tool", call=0),
]
EACH = pytest.mark.parametrize("one", UNREADABLE, ids=[getattr(one, "shape", one.kind) for one in UNREADABLE])


def readable(call):
    """Whether a call can be run: of the tool that there is, with a JSON object."""
    try:
        return call[1] == "refund" and isinstance(strict(call[2]), dict)
    except ValueError:
        return False


def leaving_out(protocol="openai_chat", otherwise=None):
    """An agent that goes on with the calls that it can read, and answers with the text where there is none."""

    def agent(ctx, text):
        conversation = SPEAKERS[protocol]([{"role": "user", "content": text}])
        for _ in range(4):
            heard = conversation.ask()
            calls = [call for call in heard.calls if readable(call)]
            if not calls:
                return otherwise if otherwise and heard.calls else heard.text
            arguments = [strict(given) for *_, given in calls]
            results = [tool(refund)(**given) for given in arguments]
            conversation.tell(Heard(heard.text, calls, heard.stop), arguments, results)
        raise Unavailable("no reply to act on")

    return agent


@EACH
def test_the_text_beside_a_call_that_was_not_run_is_no_answer(one):
    outcome = judged(leaving_out(), "openai_chat", {"call 0": one})
    (violation,) = outcome.violations

    assert found(outcome) == FOUND
    assert (violation.before, violation.after) == (SAID[1].text, SAID[0].text)


@EACH
def test_an_answer_that_says_so_passes(one):
    honest = leaving_out(otherwise="I could not do that.")

    assert not judged(honest, "openai_chat", {"call 0": one}).violations


@pytest.mark.parametrize("protocol", ["anthropic_messages", "openai_chat"])
def test_a_reply_that_says_it_is_the_end_and_asks_for_a_tool_is_not_the_end(protocol):
    def agent(ctx, text):
        conversation = SPEAKERS[protocol]([{"role": "user", "content": text}])
        while (heard := conversation.ask()).stop in ("tool_use", "tool_calls"):
            arguments = [strict(given) for *_, given in heard.calls]
            conversation.tell(heard, arguments, [tool(refund)(**given) for given in arguments])
        return heard.text

    outcome = judged(agent, protocol, {"call 0": fault("wrong_stop")})

    assert found(outcome) == FOUND


TWO = (
    Said(
        "I refund both.",
        (
            Called.of("refund", {"order": "A-17", "amount": 1500}),
            Called.of("refund", {"order": "B-4", "amount": 20}),
        ),
    ),
    Said("Both refunds are on their way."),
)


@EACH
def test_one_of_two_calls_that_is_left_out_of_what_the_model_is_told_is_found(one):
    outcome = judged(leaving_out(), "openai_chat", {"call 0": one}, said=TWO)

    assert found(outcome) == FOUND
    assert "the results of its other calls only" in outcome.violations[0].reason


def answering_for_it(words):
    """An agent that gives the model `words` in place of a result for what it cannot read."""

    def agent(ctx, text):
        conversation = Chat([{"role": "user", "content": text}])
        for _ in range(4):
            heard = conversation.ask()
            if not heard.calls:
                return heard.text
            results = [tool(refund)(**strict(call[2])) if readable(call) else words for call in heard.calls]
            given = [strict(call[2]) if readable(call) else {} for call in heard.calls]
            conversation.tell(heard, given, results)
        raise Unavailable("no reply to act on")

    return agent


@EACH
@pytest.mark.parametrize("words", ["", "ok", json.dumps({"status": "success"}), DONE])
@pytest.mark.parametrize("said", [SAID, TWO], ids=["one-call", "two-calls"])
def test_a_call_that_was_not_run_and_is_told_as_done_is_found(one, words, said):
    outcome = judged(answering_for_it(words), "openai_chat", {"call 0": one}, said=said)

    assert found(outcome) >= FOUND


@EACH
@pytest.mark.parametrize(
    "words", ["error: invalid JSON", "Please write a JSON object.", json.dumps({"done": False})]
)
def test_a_call_that_was_not_run_and_is_told_as_such_passes(one, words):
    outcome = judged(answering_for_it(words), "openai_chat", {"call 0": one}, said=TWO)

    assert not FOUND & found(outcome)


@EACH
def test_who_asks_again_passes(one):
    again = desk(
        "openai_chat", tool(refund), read=strict, minds=lambda heard: all(map(readable, heard.calls))
    )
    outcome = judged(again, "openai_chat", {"call 0": one})

    assert outcome.verdict is Verdict.PASS
    assert len(outcome.trace.calls) == 3


@pytest.mark.parametrize("kind", ["unknown_tool", "extra_argument"])
def test_who_runs_the_only_tool_whatever_the_call_says_has_dropped_nothing(kind):
    def whatever(**arguments):
        return tool(refund)(order=arguments["order"], amount=arguments["amount"])

    outcome = judged(desk("openai_chat", whatever), "openai_chat", {"call 0": fault(kind, call=0)})

    assert not FOUND & found(outcome)


TWO_STEPS = (
    SAID[0],
    Said("I refund the other one, too.", SAID[0].calls),
    Said("Both refunds are on their way."),
)


@pytest.mark.parametrize("protocol", SPEAKERS)
@pytest.mark.parametrize("kind", ["unnamed_tool", "unknown_tool"])
def test_the_results_of_earlier_calls_are_not_told_again_by_asking_again(protocol, kind):
    again = desk(protocol, tool(refund), minds=lambda heard: all(map(readable, heard.calls)))
    outcome = judged(again, protocol, {"call 1": fault(kind, call=0)}, said=TWO_STEPS)

    assert not FOUND & found(outcome)
    assert len(outcome.trace.calls) == 4
