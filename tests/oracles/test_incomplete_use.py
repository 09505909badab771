"""What a cut reply had said is used, or left out: found however it is used, and not where the agent says so in any words."""

import asyncio
import json
import re

import openai
import pytest

import agent_chaos
from agent_chaos.oracles.verdict import Verdict
from tests.oracles.desk import KEY, fault, found, judged
from tests.spoken import MODELS
from tests.standin.said import Said

ORDER = (Said('{"order": "A-17", "currency": "USD", "amount": 12500}'),)
CUT = {"call 0": fault("max_tokens_in_text", percent_lost=10)}
CUTS = [
    *(fault("max_tokens_in_text", percent_lost=lost) for lost in (10, 12, 40)),
    fault("max_tokens_in_number", offset=0),
]


def ask(text):
    client = openai.OpenAI(api_key=KEY, max_retries=0)
    completion = client.chat.completions.create(
        model=MODELS["openai_chat"], messages=[{"role": "user", "content": text}]
    )
    return completion.choices[0]


def mended(text):
    """Closes what a cut JSON object left open, as many parsers do."""
    text = re.sub(r',?\s*"[^"]*"?\s*:?\s*$', "", text) if not re.search(r"[\d}]\s*$", text) else text
    return json.loads(text if text.endswith("}") else text + "}")


@agent_chaos.tool
def refund(order: str = "", currency: str = "", amount: int = 0) -> str:
    return "It is refunded."


def pays(ctx, text):
    return refund(**mended(ask(text).message.content))


def tells(ctx, text):
    return f"You will get {mended(ask(text).message.content).get('amount', 0)} USD back."


def answers_as_data(ctx, text):
    return mended(ask(text).message.content)


def asks_again(ctx, text):
    for _ in range(3):
        choice = ask(text)
        if choice.finish_reason == "stop":
            return refund(**json.loads(choice.message.content))
    return "I could not read the order."


def gives_up(ctx, text):
    choice = ask(text)
    return refund(**json.loads(choice.message.content)) if choice.finish_reason == "stop" else "Bitte später."


def under(agent, faults, said=ORDER):
    return judged(agent, "openai_chat", faults, said=said, stream=False)


@pytest.mark.parametrize("cut", CUTS, ids=str)
@pytest.mark.parametrize("agent", [pays, tells, answers_as_data], ids=lambda one: one.__name__)
def test_values_read_out_of_a_reply_that_was_cut_are_an_error(agent, cut):
    outcome = under(agent, {"call 0": cut})

    assert {one.partition(":")[0] for one in found(outcome)} <= {"silent_truncation", "unhandled_exception"}
    assert outcome.verdict is Verdict.FAIL


def test_a_number_that_lost_its_last_digits_is_what_is_paid():
    outcome = under(pays, {"call 0": fault("max_tokens_in_number", offset=0)})

    assert found(outcome) == {"silent_truncation:refund"}
    assert outcome.violations[0].after["amount"] in (1, 12, 125, 1250)


@pytest.mark.parametrize("agent", [asks_again, gives_up], ids=lambda one: one.__name__)
def test_who_asks_again_or_gives_up_is_sound(agent):
    assert found(under(agent, CUT)) == set()


PILLS = (Said("Take one tablet in the morning. Never take more than two a day."),)
MARKS = {
    "english": lambda text: f"{text} (Note: the answer is cut.)",
    "german": lambda text: f"{text}; hier bricht die Antwort ab",
    "japanese": lambda text: f"{text} [途中まで]",
    "ellipsis": lambda text: f"{text}…",
    "field": lambda text: {"text": text, "complete": False},
}


def marking(mark):
    def agent(ctx, text):
        choice = ask(text)
        whole = choice.finish_reason == "stop"
        if mark is MARKS["field"]:
            return {"text": choice.message.content, "complete": whole}
        return choice.message.content if whole else mark(choice.message.content)

    return agent


@pytest.mark.parametrize("mark", MARKS.values(), ids=MARKS)
def test_whatever_an_agent_adds_to_a_partial_answer_marks_it(mark):
    assert (
        found(under(marking(mark), {"call 0": fault("max_tokens_in_text", percent_lost=50)}, PILLS)) == set()
    )


@pytest.mark.parametrize("frame", [str, "Doctor: {}".format, lambda text: {"text": text, "complete": True}])
def test_a_frame_that_the_whole_answer_has_too_marks_nothing(frame):
    def agent(ctx, text):
        return frame(ask(text).message.content)

    cut = {"call 0": fault("max_tokens_in_text", percent_lost=50)}

    assert found(under(agent, cut, PILLS)) == {"silent_truncation:answer"}


WEATHER = (Said("Oslo: rain."), Said("Rome: sun."), Said("Lima: fog."))


def forecast(words):
    async def one(city):
        client = openai.AsyncOpenAI(api_key=KEY, max_retries=0)
        completion = await client.chat.completions.create(
            model=MODELS["openai_chat"], messages=[{"role": "user", "content": f"Weather in {city}?"}]
        )
        return completion.choices[0].message.content

    async def agent(ctx, text):
        asked = [one(city) for city in ("Oslo", "Rome", "Lima")]
        parts = await asyncio.gather(*asked, return_exceptions=True)
        return "\n".join(filter(None, (part if isinstance(part, str) else words for part in parts)))

    return agent


@pytest.mark.parametrize("call", range(3))
def test_every_call_of_a_fan_out_counts_and_is_named_by_its_own_number(call):
    refused = {f"call {call}": fault("auth_error")}
    outcome = under(forecast(""), refused, WEATHER)

    assert found(outcome) == {"swallowed_error:answer"}
    assert f"call {call} failed" in outcome.reason
    assert found(under(forecast("Für eine Stadt gibt es nichts."), refused, WEATHER)) == set()


OFFERS = (
    Said("Alpha: 100 chairs for 2100 euros."),
    Said("Beta: 100 chairs for 1900 euros."),
    Said("Gamma: 100 chairs for 2500 euros."),
    Said("Beta is the cheapest."),
)


def buying(instead="", note=""):
    """Asks three suppliers at once, and then which of the offers that came is the cheapest."""

    async def agent(ctx, text):
        client = openai.AsyncOpenAI(api_key=KEY, max_retries=0)

        async def ask_for(text):
            messages = [{"role": "user", "content": text}]
            return await client.chat.completions.create(model=MODELS["openai_chat"], messages=messages)

        asked = (ask_for(f"What does {name} ask?") for name in ("Alpha", "Beta", "Gamma"))
        came = await asyncio.gather(*asked, return_exceptions=True)
        told = [instead if isinstance(one, Exception) else one.choices[0].message.content for one in came]
        best = await ask_for("\n".join(["Which is cheapest?", *filter(None, told)]))
        missing = any(isinstance(one, Exception) for one in came)
        return best.choices[0].message.content + (note if missing else "")

    return agent


def test_a_body_that_nobody_can_read_has_failed_and_is_not_called_empty():
    cut = {"call 1": fault("truncate", boundary="mid_body", offset=0)}

    assert found(under(buying(), cut, OFFERS)) == {"swallowed_error:prompt"}


@pytest.mark.parametrize("lost", [("call 0",), ("call 1",), ("call 0", "call 2")], ids=" and ".join)
def test_a_part_that_failed_and_is_missing_from_the_next_question_is_an_error(lost):
    refused = {site: fault("auth_error") for site in lost}

    assert found(under(buying(), refused, OFFERS)) == {"swallowed_error:prompt"}
    assert found(under(buying(instead="(ein Angebot fehlt)"), refused, OFFERS)) == set()
    assert found(under(buying(note=" Ein Angebot fehlt."), refused, OFFERS)) == set()


@pytest.mark.parametrize(
    ("instead", "missing"),
    [("refusal_in_words", True), ("empty_reply", False)],
    ids=["a refusal, which is kept out", "nothing, in whose place nothing stands"],
)
def test_a_part_that_the_model_refused_is_missing_and_one_that_said_nothing_is_not(instead, missing):
    outcome = under(buying(), {"call 1": fault(instead)}, OFFERS)

    assert ("swallowed_error:prompt" in found(outcome)) is missing


CHAT = (
    Said("The customer sent back a laptop, order A-17, and wants the money."),
    Said("Your refund is on its way."),
)


def compacting(checks):
    """Lets the model sum up the conversation, and goes on from the summary alone."""

    def agent(ctx, text):
        choice = ask(f"Sum up: {text}")
        summary, whole = choice.message.content or "", choice.finish_reason == "stop"
        told = f"Summary: {summary}" if (whole and summary) or not checks else text
        return ask(told).message.content or ""

    return agent


SPOILT = [fault("max_tokens_in_text", percent_lost=50), fault("empty_reply")]


@pytest.mark.parametrize("spoilt", SPOILT, ids=str)
def test_a_spoilt_summary_in_place_of_the_conversation_is_an_error(spoilt):
    assert "silent_truncation:prompt" in found(under(compacting(checks=False), {"call 0": spoilt}, CHAT))
    assert "silent_truncation:prompt" not in found(under(compacting(checks=True), {"call 0": spoilt}, CHAT))


GUESTS = (Said("- Ana Berg\n- Tom Falk\n- Eva Lind\n- Jon Moe"),)


@agent_chaos.tool
def invite(name: str) -> str:
    return "invited"


def inviting(tells):
    def agent(ctx, text):
        choice = ask(text)
        names = re.findall(r"- (\w+ \w+)$", choice.message.content, re.MULTILINE)
        for name in names:
            invite(name)
        cut = tells and choice.finish_reason != "stop"
        return "Invités, mais la liste est coupée." if cut else "Everybody is invited."

    return agent


def test_what_is_not_done_for_the_rest_of_a_list_that_was_cut_is_found_unless_it_is_told():
    outcome = under(inviting(tells=False), {"call 0": fault("max_tokens_in_text", percent_lost=40)}, GUESTS)

    assert found(outcome) == {"silent_truncation:invite"}
    assert "did not run with" in outcome.violations[0].reason
    assert (
        found(under(inviting(tells=True), {"call 0": fault("max_tokens_in_text", percent_lost=40)}, GUESTS))
        == set()
    )
