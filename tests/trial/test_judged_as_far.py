"""A run is judged as far as the recording goes, and no finding rests on a reply that was given to another question."""

import anthropic
import pytest

from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trial.rehearsal import Rehearsal
from tests.oracles.desk import KEY, fault
from tests.spoken import MODELS, spoken
from tests.standin.said import Called, Said
from tests.trials import recorded, scenario

QUESTIONS = (
    "Where shall we go?",
    "How is the weather?",
    "What is there to see?",
    "Where do we eat?",
    "Who am I?",
)
SAID = tuple(Said(f"This is what I say to that: {one}") for one in QUESTIONS)
TOOLS = [{"name": "look", "input_schema": {"type": "object"}}]


def client():
    return anthropic.Anthropic(api_key=KEY, max_retries=0)


def ask(messages, **fields):
    asked = {"model": MODELS["anthropic_messages"], "max_tokens": 99}
    return client().messages.create(**asked, messages=messages, **fields)


def chat(ctx, text):
    """Says so where a turn fails, takes it back out of the history, and goes on."""
    messages = ctx.agent_state.setdefault("messages", [])
    try:
        message = ask([*messages, {"role": "user", "content": text}])
        answer = message.content[0].text if message.stop_reason == "end_turn" else ""
    except (anthropic.APIError, IndexError):
        answer = ""
    if not answer:
        return "Sorry, please ask again."
    messages += [{"role": "user", "content": text}, {"role": "assistant", "content": answer}]
    return answer


def rehearsal(agent, questions=QUESTIONS, said=SAID, **options):
    replies = [spoken("anthropic_messages", one, i, stream=False) for i, one in enumerate(said)]
    subject = scenario(agent, *questions)
    return Rehearsal(subject, cassette=recorded(subject, replies), **options)


def under(subject, **faults):
    return subject.trial(Plan.of([(site.replace("_", " "), one) for site, one in faults.items()]))


@pytest.mark.parametrize("kind", ["auth_error", "refusal", "empty_reply"])
@pytest.mark.parametrize("turn", range(4))
def test_after_an_honest_failure_the_next_turns_go_on_from_the_recording(turn, kind):
    outcome = under(rehearsal(chat), **{f"call_{turn}": fault(kind)})
    answers = [one.text for one in outcome.trace.answers]

    assert outcome.verdict is Verdict.PASS, outcome.reason
    assert answers[turn] == "Sorry, please ask again."
    assert answers[turn + 1 :] == [one.text for one in SAID[turn + 1 :]], "each question gets its own answer"
    assert {call.call for call in outcome.trace.calls} == set(range(5)), "a call has the recording's number"


def test_a_turn_that_was_never_recorded_ends_what_can_be_judged_and_no_more():
    def agent(ctx, text):
        answer = chat(ctx, text)
        ctx.agent_state["failed"] = ctx.agent_state.get("failed") or answer.startswith("Sorry")
        if text == QUESTIONS[2] and ctx.agent_state["failed"]:
            ask([{"role": "user", "content": "What went wrong?"}], tools=TOOLS)
        return answer

    outcome = under(rehearsal(agent), call_0=fault("auth_error"))

    assert (outcome.verdict, outcome.reason) == (Verdict.PASS, "as far as recorded (turn 2 of 5)")


def test_undecided_says_what_was_asked_and_what_differs():
    def agent(ctx, text):
        try:
            return ask([{"role": "user", "content": text}]).content[0].text
        except anthropic.APIError:
            return ask([{"role": "user", "content": "Which other town?"}], tools=TOOLS).content[0].text

    outcome = under(rehearsal(agent, QUESTIONS[:1], SAID[:1]), call_0=fault("auth_error"))

    assert (outcome.verdict, outcome.rule) == (Verdict.UNDECIDED, "recording")
    assert "'Which other town?'" in outcome.reason
    assert "messages[0].content" in outcome.reason


def looks(ctx, text):
    """Runs what the model asks for, four rounds at most."""
    messages = [{"role": "user", "content": text}]
    for _ in range(4):
        message = ask(messages, tools=TOOLS)
        if message.stop_reason != "tool_use":
            return message.content[0].text
        used = [block for block in message.content if block.type == "tool_use"]
        results = [{"type": "tool_result", "tool_use_id": one.id, "content": "a view"} for one in used]
        messages += [{"role": "assistant", "content": message.content}, {"role": "user", "content": results}]
    return "I give up."


def test_calls_that_a_fault_itself_answers_are_decided_and_have_ids_of_their_own():
    twice = Said("", (Called.of("look", {"at": "sea"}), Called.of("look", {"at": "town"})))
    subject = rehearsal(looks, QUESTIONS[:1], (twice, Said("It is fine.")), allow_real_tools=True)
    outcome = under(subject, call_1=fault("endless_tool_call"))

    assert outcome.verdict is Verdict.PASS, outcome.reason
    assert outcome.trace.answers[0].text == "I give up."
    assert {call.fidelity for call in outcome.trace.calls[2:]} == {Fidelity.BY_FAULT}


EDITS = [("Where shall", "Where should"), ("to see?", "to visit?")]


@pytest.mark.parametrize(("old", "new"), EDITS)
def test_an_edited_agent_is_searched_on_its_old_recording(old, new):
    def edited(ctx, text):
        return chat(ctx, text.replace(old, new))

    kept = rehearsal(chat).cassette
    subject = Rehearsal(scenario(edited, *QUESTIONS), cassette=kept)

    assert subject.clean_outcome.verdict is Verdict.PASS
    assert len(subject.changes) >= 1
    assert new in subject.changes[0]
    assert under(subject, call_1=fault("auth_error")).verdict is Verdict.PASS
    assert under(subject, call_1=fault("max_tokens_in_text", percent_lost=50)).verdict is Verdict.PASS
