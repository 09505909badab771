"""What an agent makes of a reply that a fault spoiled: kept, passed on to a tool, to the model or to the user, or told."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest

import agent_chaos
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trial.rehearsal import Rehearsal
from tests.oracles.desk import KEY, fault, found, judged
from tests.spoken import MODELS, spoken
from tests.standin.said import Said
from tests.trial.test_judged_as_far import under
from tests.trials import recorded, scenario

LETTER = "Dear Ana, the snow is melting and the first flowers are out."
WEATHER = tuple(
    Said(f"{city}: {sky} for the whole week.") for city, sky in (("Lima", "grey"), ("Oslo", "snow"))
)
BOTH = (*WEATHER, Said("Take a coat to one of them."))
REFUSED = fault("auth_error")
EMPTY = fault("empty_reply")
LIMIT = fault("max_tokens_in_text", percent_lost=30)


def ask(*messages, **fields):
    client = openai.OpenAI(api_key=KEY, max_retries=0)
    said = [{"role": "user", "content": one} for one in messages]
    return client.chat.completions.create(model=MODELS["openai_chat"], messages=said, **fields).choices[0]


def spoken_to(agent, faults, said):
    return judged(agent, "openai_chat", faults, said=said, stream=False)


def chat(agent, said, *questions, **faults):
    replies = [spoken("openai_chat", one, i, stream=False) for i, one in enumerate(said)]
    subject = scenario(agent, *questions)
    return under(Rehearsal(subject, cassette=recorded(subject, replies)), **faults)


@agent_chaos.tool
def send(to: str = "", body: str = "") -> str:
    return "It is sent."


def mailing(mark=""):
    def agent(ctx, text):
        choice = ask(text)
        body = choice.message.content or ""
        return send("ana", body if choice.finish_reason == "stop" and body else body + mark)

    return agent


@pytest.mark.parametrize("one", [EMPTY, LIMIT, fault("refusal")], ids=["empty", "cut", "refused"])
def test_a_tool_that_is_given_what_a_spoiled_reply_said_is_found_and_one_that_is_told_so_is_not(one):
    assert found(spoken_to(mailing(), {"call 0": one}, (Said(LETTER),))) == {"silent_truncation:send"}
    assert spoken_to(mailing(" [部分缺失]"), {"call 0": one}, (Said(LETTER),)).verdict is Verdict.PASS


def test_a_tool_that_is_given_it_after_another_question_is_found_too():
    def agent(ctx, text):
        body = ask(text).message.content or ""
        return send(ask("To whom?").message.content, body)

    assert "silent_truncation:send" in found(spoken_to(agent, {"call 0": EMPTY}, (Said(LETTER), Said("ana"))))


def remembering(ctx, text):
    """Marks a cut answer once, and gives it from memory ever after."""
    memory = ctx.agent_state.setdefault("memory", {})
    if text in memory:
        return memory[text]
    choice = ask(text)
    memory[text] = choice.message.content
    return memory[text] if choice.finish_reason == "stop" else f"{memory[text]} [cortado]"


def test_a_cut_answer_that_is_kept_for_a_later_turn_is_found():
    outcome = chat(remembering, (Said(LETTER),), "Write.", "Write.", call_0=LIMIT)

    assert found(outcome) == {"silent_truncation:answer"}
    assert "turn 1" in outcome.violations[0].reason


def counted(ctx, text):
    said = ask(text).message.content or ""
    return {"response": "", "words": len(said.split()), "first": said.split()[0] if said else None}


def test_a_value_read_out_of_a_cut_reply_is_found_in_a_field_and_a_missing_value_is_not():
    assert found(spoken_to(counted, {"call 0": LIMIT}, (Said(LETTER),))) == {"silent_truncation:answer"}

    def honest(ctx, text):
        choice = ask(text)
        whole = choice.finish_reason == "stop"
        return {"response": "", "words": len(choice.message.content.split()) if whole else None}

    assert spoken_to(honest, {"call 0": LIMIT}, (Said(LETTER),)).verdict is Verdict.PASS


def test_a_frame_around_nothing_is_an_empty_answer():
    def framing(ctx, text):
        return f"Your letter: {ask(text).message.content}"

    assert found(spoken_to(framing, {"call 0": EMPTY}, (Said(LETTER),))) == {"empty_answer:answer"}


@pytest.mark.parametrize("more", [{"status": "不可用"}, {"missing": ["letter"]}, {"failed": 1}], ids=str)
def test_an_empty_text_beside_a_field_that_says_so_is_no_empty_answer(more):
    usual = {"status": "ready", "missing": [], "failed": 0}

    def agent(ctx, text):
        try:
            return {"response": ask(text).message.content, **usual}
        except openai.APIError:
            return {"response": "", **usual, **more}

    assert spoken_to(agent, {"call 0": REFUSED}, (Said(LETTER),)).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("more", "expected"), [({"fehler": "keine Auskunft"}, set()), ({"fehler": None}, {"empty_answer:answer"})]
)
def test_an_object_that_says_what_failed_may_take_the_place_of_a_plain_answer(more, expected):
    def agent(ctx, text):
        choice = ask(text)
        return choice.message.content if choice.finish_reason == "stop" else {"response": "", **more}

    assert found(spoken_to(agent, {"call 0": fault("refusal")}, (Said(LETTER),))) == expected


def test_none_where_no_reply_came_is_the_agents_own_word_and_a_warning():
    def agent(ctx, text):
        try:
            return ask(text).message.content
        except openai.APIError:
            return None

    failed = spoken_to(agent, {"call 0": REFUSED}, (Said(LETTER),))

    assert failed.verdict is Verdict.PASS
    assert [one.severity for one in failed.violations] == ["warning"]
    assert found(spoken_to(agent, {"call 0": EMPTY}, (Said(LETTER),))) == {"empty_answer:answer"}


def joined(note=None):
    """Asks for the weather of two cities, and what follows from it; `note` stands where one is missing."""

    def heard(city):
        try:
            choice = ask(f"Weather in {city}?")
        except openai.APIError:
            return note
        return choice.message.content if choice.finish_reason == "stop" and choice.message.content else note

    def agent(ctx, text):
        parts = [one for one in map(heard, ("Lima", "Oslo")) if one]
        return ask("\n".join(parts)).message.content

    return agent


@pytest.mark.parametrize("one", [REFUSED, LIMIT], ids=["refused", "cut"])
def test_a_part_that_is_left_out_is_found_whatever_took_it_and_one_that_is_told_is_judged_to_its_end(one):
    told = spoken_to(joined("sin datos"), {"call 1": one}, BOTH)

    assert found(spoken_to(joined(), {"call 1": one}, BOTH)) == {"swallowed_error:prompt"}
    assert (told.verdict, told.reason) == (Verdict.PASS, "as far as recorded (turn 1 of 1)")


def test_two_parts_that_are_told_are_judged_too_and_another_question_is_not():
    lost = {"call 0": REFUSED, "call 1": EMPTY}

    assert spoken_to(joined("sin datos"), lost, BOTH).verdict is Verdict.PASS
    assert spoken_to(unlike, lost, BOTH).verdict is Verdict.UNDECIDED


def unlike(ctx, text):
    """Asks something else where a part is missing."""
    try:
        parts = [ask(f"Weather in {city}?").message.content for city in ("Lima", "Oslo")]
    except openai.APIError:
        parts = ["What is the climate like in both of these towns in general, and when does one go there?"]
    return ask("\n".join(parts)).message.content


ORDER = Said('{"order": "A-17", "amount": 1500}')
JSON_MODE = {"response_format": {"type": "json_object"}}


def repairing(more):
    """Asks again, in more words, for JSON that cannot be read."""

    def agent(ctx, text):
        said = ask(text, **JSON_MODE).message.content
        try:
            return json.loads(said)
        except ValueError:
            return json.loads(ask(*more(text, said), **JSON_MODE).message.content)

    return agent


ADDING = {
    "a-longer-message": lambda text, said: (f"{text} JSON only, please.",),
    "a-second-message": lambda text, said: (text, f"{said} is no JSON."),
}


@pytest.mark.parametrize("more", ADDING.values(), ids=ADDING)
def test_a_reply_that_is_asked_for_again_in_more_words_is_judged_as_far_as_recorded(more):
    outcome = spoken_to(repairing(more), {"call 0": fault("max_tokens_in_text", percent_lost=40)}, (ORDER,))

    assert (outcome.verdict, outcome.reason) == (Verdict.PASS, "as far as recorded (turn 1 of 1)")
    assert outcome.trace.calls[1].fidelity is Fidelity.AGAIN
    assert outcome.trace.answers[0].value == {"order": "A-17", "amount": 1500}


@agent_chaos.tool
def find(city: str) -> str:
    return "A room for 118 euros."


@agent_chaos.tool
async def search(city: str) -> str:
    return "A room for 118 euros."


async def within(ctx, text):
    try:
        async with asyncio.timeout(20):
            return await search("Lisbon") + (ask(text).message.content or "")
    except TimeoutError:
        return "Lo siento, tarda demasiado."


def in_a_pool(ctx, text):
    pool = ThreadPoolExecutor()
    try:
        room = pool.submit(find, "Lisbon").result(timeout=20)
    except TimeoutError:
        pool.shutdown(wait=False)
        return "Lo siento, tarda demasiado."
    return room + (ask(text).message.content or "")


@pytest.mark.parametrize("agent", [within, in_a_pool], ids=["task", "thread"])
def test_a_deadline_that_ends_a_late_tool_is_sound(agent):
    outcome = spoken_to(agent, {"tool 0": fault("tool_slow", seconds=40)}, (Said(LETTER),))

    assert outcome.trace.answers[0].text.startswith("Lo siento")
    assert outcome.verdict is Verdict.PASS, outcome.reason


def test_the_parts_that_came_beside_one_that_failed_are_a_sound_answer_where_a_field_names_it():
    def agent(ctx, text):
        def heard(city):
            try:
                return ask(f"Weather in {city}?").message.content
            except openai.APIError:
                return None

        parts = {city: heard(city) for city in ("Lima", "Oslo")}
        return {
            "response": "\n".join(one for one in parts.values() if one),
            "missing": [city for city, one in parts.items() if not one],
        }

    outcome = spoken_to(agent, {"call 0": fault("rate_limit", retry_after_s=1)}, WEATHER)

    assert outcome.verdict is Verdict.PASS, outcome.reason
    assert {one.severity for one in outcome.violations} <= {"warning"}
