"""A fault that passes by itself, after which the user gets something else, or tools ran otherwise."""

from functools import partial

import anthropic
import openai
import pytest
from google import genai

from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.patch.tools import tool
from agent_chaos.trial.rehearsal import Rehearsal
from tests.oracles.desk import KEY, SAID, Claude, desk, fault, found, judged, refund
from tests.spoken import spoken
from tests.standin.said import Called, Said
from tests.standin.wires import MODELS
from tests.trials import recorded, scenario

ANSWER = (Said("The ferry leaves at nine."),)
LONGER = (Said("The ferry leaves at nine from the old pier, and the last one back leaves at six."),)
PASSING = [
    fault("server_error"),
    fault("overloaded"),
    fault("rate_limit", retry_after_s=5),
    fault("rate_limit_plain"),
    fault("connect_error"),
    fault("reset_before_headers"),
    fault("timeout_before_headers", seconds=60),
]
EACH = pytest.mark.parametrize("one", PASSING, ids=[one.kind for one in PASSING])


def asks(max_retries):
    def agent(ctx, text):
        client = openai.OpenAI(api_key=KEY, max_retries=max_retries)
        try:
            told = client.responses.create(model=MODELS["openai_responses"], input=text)
        except openai.APIError:
            return "Sorry, I cannot say."
        return told.output_text

    return agent


@EACH
def test_an_excuse_in_place_of_the_answer_is_a_warning_since_no_retry_was_promised(one):
    outcome = judged(asks(0), "openai_responses", {"call 0": one}, said=ANSWER, stream=False)
    (violation,) = outcome.violations

    assert (outcome.verdict, violation.severity) == (Verdict.PASS, "warning")
    assert violation.fingerprint == "transparent_outcome:answer"
    assert (violation.before, violation.after) == (ANSWER[0].text, "Sorry, I cannot say.")
    assert "once more" in violation.advice


def test_an_excuse_for_a_stream_that_the_client_library_cannot_read_is_a_warning():
    def told(excuse):
        async def agent(ctx, text):
            client, said = genai.Client(api_key=KEY).aio.models, ""
            try:
                async for chunk in await client.generate_content_stream(
                    model=MODELS["gemini"], contents=text
                ):
                    said += chunk.text or ""
            except Exception:
                said = ""
            return {"response": said, "complete": bool(said) or excuse is None}

        respelled = {"call 0": fault("respelled_stream", spelling="cr")}
        return judged(agent, "gemini", respelled, said=LONGER)

    honest = told("not complete")

    assert [one.severity for one in honest.violations] == ["warning"]
    assert "Read a stream to its end" in honest.violations[0].advice
    assert "transparent_outcome:answer" in found(told(None))


def test_an_excuse_is_fair_though_the_user_asks_again_and_is_answered():
    def keeping(ctx, text):
        said = ctx.agent_state.get("said") or asks(0)(ctx, text)
        ctx.agent_state["said"] = said if said == ANSWER[0].text else None
        return said

    subject = scenario(keeping, "When?", "When?")
    cassette = recorded(subject, [spoken("openai_responses", ANSWER[0], 0, stream=False)])
    outcome = Rehearsal(subject, cassette=cassette).trial(Plan.of([("call 0", fault("server_error"))]))

    assert [answer.text for answer in outcome.trace.answers] == ["Sorry, I cannot say.", ANSWER[0].text]
    assert [one.severity for one in outcome.violations] == ["warning"]


def test_an_answer_cut_short_by_a_passing_error_is_no_excuse():
    def first_word(ctx, text):
        return asks(0)(ctx, text).replace("Sorry, I cannot say.", "The ferry.")

    outcome = judged(first_word, "openai_responses", {"call 0": PASSING[0]}, said=ANSWER, stream=False)

    assert "transparent_outcome:answer" in found(outcome)


@EACH
def test_who_retries_gives_the_same_answer(one):
    outcome = judged(asks(2), "openai_responses", {"call 0": one}, said=ANSWER, stream=False)

    assert outcome.verdict is Verdict.PASS
    assert len(outcome.trace.calls) == 2


@pytest.mark.parametrize(
    "faults",
    [
        {"call 0": fault("auth_error")},
        {"call 0": fault("server_error"), "call 0.1": fault("server_error")},
        {"call 0": fault("timeout_before_headers", seconds=590), "call 0.1": fault("auth_error")},
    ],
    ids=["visible", "twice-on-one-call", "with-a-visible-one"],
)
def test_an_excuse_is_fair_where_no_retry_had_to_help(faults):
    outcome = judged(asks(1), "openai_responses", faults, said=ANSWER, stream=False)

    assert outcome.verdict is Verdict.PASS
    assert outcome.trace.answers[0].text == "Sorry, I cannot say."


def test_an_excuse_is_fair_after_more_waiting_than_the_budget_allows():
    slow = {"call 0": fault("timeout_before_headers", seconds=300)}

    assert judged(asks(0), "openai_responses", slow, said=ANSWER, stream=False).violations
    assert found(judged(asks(0), "openai_responses", slow, said=ANSWER, stream=False, budget_s=100)) == {
        "termination:transfer"
    }


def starting_over(pay, retries):
    """Begins the whole conversation again when a reply does not come."""
    inner = desk("anthropic_messages", pay, speak=partial(Claude, retries=retries))

    def agent(ctx, text):
        try:
            return inner(ctx, text)
        except anthropic.APIError:
            return inner(ctx, text)

    return agent


@pytest.mark.parametrize("wrap", [tool, lambda run: run], ids=["at-the-boundary", "on-the-wire"])
def test_a_refund_that_ran_again_is_found_though_the_answer_is_the_same(wrap):
    failing = {"call 1": fault("server_error")}
    twice = judged(starting_over(wrap(refund), retries=0), "anthropic_messages", failing)
    once = judged(starting_over(wrap(refund), retries=1), "anthropic_messages", failing)

    assert found(twice) - {"duplicate_side_effect:refund"} == {"transparent_outcome:tools"}
    assert twice.trace.answers[0].text == once.trace.answers[0].text
    assert once.verdict is Verdict.PASS


def look_up_order(order: str = "", amount: float = 0) -> str:
    return f"order {order} was paid with {amount}"


def settle(order: str = "", amount: float = 0) -> str:
    return f"settled {amount} of order {order}"


@pytest.mark.parametrize(
    ("wrap", "run", "kinds"),
    [
        (tool, look_up_order, set()),
        (lambda run: run, look_up_order, set()),
        (tool(pure=True), settle, set()),
        (tool, settle, {"transparent_outcome:tools", "duplicate_side_effect:settle"}),
    ],
    ids=["reads-at-the-boundary", "reads-on-the-wire", "declared-pure", "writes"],
)
def test_only_what_changes_something_may_not_run_again(wrap, run, kinds):
    asked = Said("One moment.", (Called(run.__name__, ('{"order": "A-17", "amount": 1500}',)),))
    agent = starting_over(wrap(run), retries=0)
    outcome = judged(agent, "anthropic_messages", {"call 1": fault("server_error")}, said=(asked, SAID[1]))

    assert found(outcome) == kinds
    assert len(outcome.trace.calls) == 4


def test_a_run_that_broke_off_is_told_of_once_by_the_oracle_of_exceptions():
    breaking = desk("anthropic_messages", tool(refund), speak=partial(Claude, retries=0))
    outcome = judged(breaking, "anthropic_messages", {"call 0": fault("server_error")})

    assert [one.oracle for one in outcome.violations] == ["unhandled_exception"]


def test_a_run_that_never_ended_is_told_of_by_the_oracle_of_termination_beside_what_it_did_twice():
    inner = desk("anthropic_messages", tool(refund), speak=partial(Claude, retries=0))

    def tireless(ctx, text):
        failed, answer = False, ""
        while failed or not answer:
            try:
                answer = inner(ctx, text)
            except anthropic.APIError:
                failed = True
        return answer

    outcome = judged(tireless, "anthropic_messages", {"call 0": fault("server_error")}, requests=9)

    assert found(outcome) == {"termination:requests", "duplicate_side_effect:refund"}


def test_who_asks_something_new_after_a_passing_fault_cannot_be_judged():
    def doubting(ctx, text):
        client = anthropic.Anthropic(api_key=KEY, max_retries=0)
        asked = {"model": MODELS["anthropic_messages"], "max_tokens": 99}
        try:
            message = client.messages.create(**asked, messages=[{"role": "user", "content": text}])
        except anthropic.APIError:
            other = [{"role": "user", "content": "Which other town is near?"}]
            message = client.messages.create(**asked, messages=other)
        return message.content[0].text

    outcome = judged(doubting, "anthropic_messages", {"call 0": PASSING[0]}, said=ANSWER, stream=False)

    assert outcome.verdict is Verdict.UNDECIDED
    assert outcome.rule == "recording"
    assert outcome.reason.startswith("left the recording at call 1")


MAILS = (
    Said("", (Called.of("send", {"to": "ann"}), Called.of("send", {"to": "bob"}))),
    Said("Both mails are out."),
)


def by_index(key):
    """An agent that puts streamed tool calls together by the key it is given, and reports what it cannot read."""

    def agent(ctx, text):
        client, messages = openai.OpenAI(api_key=KEY), [{"role": "user", "content": text}]
        while True:
            said, calls = "", {}
            for chunk in client.chat.completions.create(
                model=MODELS["openai_chat"], messages=messages, stream=True
            ):
                for piece in (chunk.choices[0].delta.tool_calls or ()) if chunk.choices else ():
                    call = calls.setdefault(key(piece, calls), {"id": piece.id, "arguments": ""})
                    call["arguments"] += piece.function.arguments or ""
                said += (chunk.choices[0].delta.content or "") if chunk.choices else ""
            if not calls:
                return said
            asked = [
                {
                    "id": call["id"],
                    "type": "function",
                    "function": {"name": "send", "arguments": call["arguments"]},
                }
                for call in calls.values()
            ]
            messages.append({"role": "assistant", "content": None, "tool_calls": asked})
            messages += [{"role": "tool", "tool_call_id": one["id"], "content": "done"} for one in asked]

    return agent


SHARED = {"call 0": fault("shared_index", index="same")}


@pytest.mark.parametrize(
    "later",
    [{}, {"call 1": fault("rate_limit", retry_after_s=2)}, {"call 1": fault("auth_error")}],
    ids=["alone", "then-transient", "then-refused"],
)
def test_who_merges_two_calls_that_share_an_index_is_found_whatever_strikes_later(later):
    """The reply said what it always says, and was read to its end: what the agent asks next is of its own making."""
    by_place = by_index(lambda piece, calls: piece.index)
    outcome = judged(by_place, "openai_chat", {**SHARED, **later}, said=MAILS, stream=True)

    assert "transparent_outcome:request" in found(outcome)


def test_who_tells_calls_apart_by_id_stands_one_index():
    by_id = by_index(lambda piece, calls: piece.id or list(calls)[-1])

    assert judged(by_id, "openai_chat", SHARED, said=MAILS, stream=True).verdict is Verdict.PASS


def stops_at_a_reason(ctx, text):
    """Takes any reason to stop for one, and leaves the rest of the stream unread."""
    said = ""
    for chunk in openai.OpenAI(api_key=KEY).chat.completions.create(
        model=MODELS["openai_chat"], messages=[{"role": "user", "content": text}], stream=True
    ):
        said += chunk.choices[0].delta.content or ""
        if chunk.choices[0].finish_reason is not None:
            return said
    return "The stream ended early."


@pytest.mark.parametrize("how", ["early", "blank"])
def test_a_client_that_leaves_a_stream_at_a_reason_that_is_none_loses_the_rest_of_the_answer(how):
    misplaced = fault("misplaced_finish", how=how)
    outcome = judged(stops_at_a_reason, "openai_chat", {"call 0": misplaced}, said=ANSWER, stream=True)
    (answer,) = outcome.trace.answers

    assert found(outcome) == {"transparent_outcome:answer"}
    assert ANSWER[0].text.startswith(answer.text)
    assert answer.text
