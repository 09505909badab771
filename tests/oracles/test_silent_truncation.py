"""Half an answer that the user gets as a whole one."""

import openai
import pytest
from google import genai
from google.genai import types

from agent_chaos.oracles.verdict import Verdict
from tests.oracles.desk import KEY, SPEAKERS, Unavailable, desk, fault, found, judged, whole
from tests.spoken import MODELS
from tests.standin.said import Said

ANSWER = (Said("Take the early train to Hamburg and change there for the ferry. Do not buy the day ticket."),)
ENDS = fault("truncate", boundary="mid_text", offset=0)
LIMIT = fault("max_tokens_in_text", percent_lost=50)
LAST_LINE = fault("truncate", boundary="before_terminator", offset=0)
EVERYWHERE = pytest.mark.parametrize("protocol", SPEAKERS)
BOTH = pytest.mark.parametrize("one", [ENDS, LIMIT], ids=["stream-ends", "token-limit"])


def half_of(outcome):
    return ANSWER[0].text.startswith(outcome.trace.answers[0].text.split(" […")[0])


@EVERYWHERE
@BOTH
def test_half_an_answer_is_found(protocol, one):
    outcome = judged(desk(protocol), protocol, {"call 0": one}, said=ANSWER)
    (violation,) = outcome.violations

    assert found(outcome) == {"silent_truncation:answer"}
    assert violation.before == ANSWER[0].text
    assert ANSWER[0].text.startswith(violation.after)
    assert ("token limit" in violation.reason) == (one is LIMIT)


@pytest.mark.parametrize(
    ("protocol", "reason"),
    [
        ("openai_chat", "content_filter"),
        ("openai_chat", "error"),
        ("anthropic_messages", "refusal"),
        ("gemini", "RECITATION"),
    ],
)
def test_an_answer_that_a_filter_broke_off_is_half_an_answer_too(protocol, reason):
    broken_off = fault("stopped_in_text", reason=reason, percent_lost=50)
    passed_on = judged(desk(protocol), protocol, {"call 0": broken_off}, said=ANSWER)
    asked_again = judged(desk(protocol, minds=whole), protocol, {"call 0": broken_off}, said=ANSWER)

    assert found(passed_on) == {"silent_truncation:answer"}
    assert asked_again.verdict is Verdict.PASS


@EVERYWHERE
@BOTH
def test_who_asks_again_gives_the_whole_answer(protocol, one):
    outcome = judged(desk(protocol, minds=whole), protocol, {"call 0": one}, said=ANSWER)

    assert outcome.verdict is Verdict.PASS
    assert outcome.trace.answers[0].text == ANSWER[0].text


@EVERYWHERE
@BOTH
def test_who_says_that_the_answer_is_cut_has_said_so(protocol, one):
    def marking(ctx, text):
        heard = SPEAKERS[protocol]([{"role": "user", "content": text}]).ask()
        return heard.text if whole(heard) else f"{heard.text} […] (this answer was cut off)"

    outcome = judged(marking, protocol, {"call 0": one}, said=ANSWER)

    assert outcome.verdict is Verdict.PASS
    assert half_of(outcome)


@EVERYWHERE
@BOTH
def test_who_raises_an_error_of_its_own_has_said_so_too(protocol, one):
    def honest(ctx, text):
        heard = SPEAKERS[protocol]([{"role": "user", "content": text}]).ask()
        if not whole(heard):
            raise Unavailable("the answer was cut")
        return heard.text

    assert judged(honest, protocol, {"call 0": one}, said=ANSWER).verdict is Verdict.PASS


@pytest.mark.parametrize(
    "frame",
    [
        lambda said: f"Dear guest, {said} Have a nice day.",
        lambda said: f"Try again if a link shows an error. {said}",
        lambda said: f"In {len(said)} characters: {said}",
    ],
    ids=["friendly", "with-words-of-failure-that-are-always-there", "with-words-that-vary"],
)
@EVERYWHERE
def test_half_an_answer_within_other_words_is_found_as_well(protocol, frame):
    def framing(ctx, text):
        return frame(desk(protocol)(ctx, text))

    assert found(judged(framing, protocol, {"call 0": ENDS}, said=ANSWER)) == {"silent_truncation:answer"}


@pytest.mark.parametrize("protocol", ["anthropic_messages", "openai_chat"])
def test_a_whole_text_without_its_last_line_is_the_whole_answer(protocol):
    outcome = judged(desk(protocol), protocol, {"call 0": LAST_LINE}, said=ANSWER)

    assert outcome.verdict is Verdict.PASS
    assert outcome.trace.answers[0].text == ANSWER[0].text


def test_a_figure_made_of_half_an_answer_is_found_though_the_user_sees_none_of_its_words():
    def counting(ctx, text):
        return f"an answer of {len(desk('openai_chat')(ctx, text))} characters"

    assert found(judged(counting, "openai_chat", {"call 0": ENDS}, said=ANSWER)) == {
        "silent_truncation:answer"
    }


def test_an_answer_that_takes_nothing_from_the_half_reply_is_no_truncated_answer():
    def thanking(ctx, text):
        desk("openai_chat")(ctx, text)
        return "Thank you for the question."

    assert judged(thanking, "openai_chat", {"call 0": ENDS}, said=ANSWER).verdict is Verdict.PASS


REFUSED = {"call 0": fault("refusal_in_words")}


def test_a_refusal_that_is_given_for_the_answer_is_found_and_one_that_is_told_as_one_is_not():
    def telling(ctx, text):
        heard = SPEAKERS["anthropic_messages"]([{"role": "user", "content": text}]).ask()
        return heard.text if whole(heard) else f"El modelo se niega: {heard.text}"

    def under(agent):
        return judged(agent, "anthropic_messages", REFUSED, said=ANSWER)

    passed_on = under(desk("anthropic_messages"))

    assert found(passed_on) == {"silent_truncation:answer"}
    assert "the model had refused" in passed_on.violations[0].reason
    assert under(telling).verdict is Verdict.PASS
    assert under(desk("anthropic_messages", minds=whole)).verdict is Verdict.PASS


def reading_the_field(frame):
    """Asks Chat Completions, and looks into the field that only refusals have."""

    def agent(ctx, text):
        client = openai.OpenAI(api_key=KEY)
        said = [{"role": "user", "content": text}]
        message = (
            client.chat.completions.create(model=MODELS["openai_chat"], messages=said).choices[0].message
        )
        return frame.format(message.content or message.refusal)

    return agent


@pytest.mark.parametrize(
    ("frame", "expected"), [("{}", set()), ("Your route: {}", {"silent_truncation:answer"})]
)
def test_the_words_of_a_field_for_refusals_are_told_knowingly_unless_they_take_the_answers_place(
    frame, expected
):
    outcome = judged(reading_the_field(frame), "openai_chat", REFUSED, said=ANSWER, stream=False)

    assert "sorry" in outcome.trace.answers[0].text
    assert found(outcome) == expected


def test_half_of_the_first_of_two_replies_is_found_in_an_answer_made_of_both():
    def joining(ctx, text):
        return "\n".join(desk("openai_chat")(ctx, f"{text} {part}") for part in ("Briefly.", "In full."))

    said = (Said("The order was paid on 24 November."), Said("It was paid by card, in one sum."))

    assert judged(joining, "openai_chat", {}, said=said).verdict is not Verdict.FAIL
    assert found(judged(joining, "openai_chat", {"call 0": ENDS}, said=said)) == {"silent_truncation:answer"}


def test_an_answer_made_of_the_retry_is_not_taken_for_the_half_that_came_before():
    twice = fault("misdelivered_event", how="doubled", offset=0)
    again = {"call 0": ENDS, "call 0.1": twice}
    outcome = judged(desk("anthropic_messages", minds=whole), "anthropic_messages", again, said=ANSWER)

    assert outcome.trace.answers[0].text != ANSWER[0].text
    assert found(outcome) == set()


@pytest.mark.parametrize("percent", [10, 50])
def test_an_answer_that_the_client_asked_to_go_on_with_has_ended_where_the_model_says_so(percent):
    def agent(ctx, text):
        with genai.Client(api_key=KEY) as client:
            reply = client.models.generate_content(model=MODELS["gemini"], contents=text)
        if reply.candidates[0].finish_reason != types.FinishReason.STOP or not reply.text:
            raise Unavailable
        return reply.text

    faults = {"call 0": fault("paused_in_text", percent_lost=percent), "call 0.1": fault("empty_reply")}
    outcome = judged(agent, "gemini", faults, said=ANSWER, stream=False)

    assert half_of(outcome)
    assert found(outcome) == set()
