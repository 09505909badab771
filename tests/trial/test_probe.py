"""One turn more than a scenario has: what an agent that failed would send next, though nobody answers it."""

import asyncio
import time

import anthropic
import pytest

from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.patch.tools import tool
from agent_chaos.search.search import find_failures
from agent_chaos.trial.rehearsal import Rehearsal
from tests.oracles.desk import KEY, QUESTION, SAID, SPEAKERS, Claude, fault, refund, strict
from tests.spoken import spoken
from tests.standin.said import Said
from tests.standin.wires import MODELS
from tests.trials import recorded, scenario

RAISES = Plan.of({"tool 0": fault("tool_raise")}.items())
REFUSED = Plan.of({"call 1": fault("permission_error")}.items())
POISONED = {"history_poisoning:refused: tool call without a result"}
PROTOCOLS = pytest.mark.parametrize("protocol", ["anthropic_messages", "openai_chat"])


def remembering(protocol, *, clears=False, keeps=True, first=lambda: None):
    """An agent that keeps its history in the run's state, and puts a tool call in it before the tool has run."""

    def agent(ctx, text):
        first()
        history = ctx.agent_state.setdefault("history", []) if keeps else []
        before = list(history)
        conversation = SPEAKERS[protocol](history)
        history.append({"role": "user", "content": text})
        try:
            while True:
                heard = conversation.ask()
                if not heard.calls:
                    history.append({"role": "assistant", "content": heard.text})
                    return heard.text
                arguments = [strict(given) for *_, given in heard.calls]
                conversation.tell(heard, arguments, ["" for _ in arguments])
                result = history.pop()
                results = [tool(refund)(**given) for given in arguments]
                history.append(with_content(result, results[0]))
        except Exception:
            if clears:
                history[:] = before
            return "Sorry, something went wrong."

    return agent


def with_content(result, text):
    if result["role"] == "tool":
        return {**result, "content": text}
    return {**result, "content": [{**result["content"][0], "content": text}]}


def rehearsal(agent, protocol, said=SAID, **fields):
    subject = scenario(agent, QUESTION, **fields)
    replies = [spoken(protocol, one, i, stream=True) for i, one in enumerate(said)]
    return Rehearsal(subject, cassette=recorded(subject, replies))


@PROTOCOLS
def test_a_history_that_the_only_turn_left_broken_is_found(protocol):
    outcome = rehearsal(remembering(protocol), protocol).trial(RAISES)
    (violation,) = outcome.violations

    assert outcome.fingerprints == POISONED
    assert violation.reason.startswith("the user's next message would be answered 400")
    assert violation.call_seq is None


@PROTOCOLS
def test_a_history_that_is_taken_back_passes(protocol):
    outcome = rehearsal(remembering(protocol, clears=True), protocol).trial(RAISES)

    assert outcome.verdict is Verdict.PASS
    assert len(outcome.trace.probed) == 1


@PROTOCOLS
def test_an_agent_that_keeps_nothing_is_not_probed(protocol):
    subject = rehearsal(remembering(protocol, keeps=False), protocol)
    outcome = subject.trial(RAISES)

    assert (subject.clean.probed, outcome.trace.probed) == ((), ())
    assert outcome.verdict is Verdict.PASS


def test_what_the_agent_would_say_next_stands_in_the_request():
    clean = rehearsal(remembering("anthropic_messages"), "anthropic_messages").clean
    (asked,) = clean.probed
    said = [message.role for message in asked.wire.prompt(asked.request).messages]

    assert said == ["user", "assistant", "user", "assistant", "user"]
    assert (asked.turn, asked.reply) == (1, None)


def test_a_probe_leaves_no_trace_of_itself():
    def wait():

        time.sleep(3)

    subject = rehearsal(remembering("anthropic_messages", first=wait), "anthropic_messages")
    plain = subject._run(REFUSED)
    outcome = subject.trial(REFUSED)

    assert outcome.trace.probed
    assert not plain.probed
    assert outcome.trace.digest == plain.digest
    assert outcome.trace.virtual_s == plain.virtual_s


def test_who_runs_a_tool_first_is_not_probed():
    look_up = tool(lambda: "regular customer", name="look_up")
    subject = rehearsal(remembering("anthropic_messages", first=look_up), "anthropic_messages")

    assert subject.clean.probed == ()
    assert subject.trial(REFUSED).verdict is not Verdict.HARNESS_ERROR


def test_half_an_answer_that_is_kept_in_the_history_is_found():
    said = (Said("The ferry to Bergen leaves at nine from pier four."),)
    cut = Plan.of({"call 0": fault("truncate", boundary="mid_text", offset=0)}.items())
    outcome = rehearsal(remembering("openai_chat"), "openai_chat", said).trial(cut)

    assert outcome.fingerprints >= {"history_poisoning:partial text"}


def test_an_async_agent_is_probed_and_its_teardown_follows():
    torn = []

    async def agent(ctx, text):
        history = ctx.agent_state.setdefault("history", [])
        history.append({"role": "user", "content": text})
        async with anthropic.AsyncAnthropic(api_key=KEY, max_retries=0) as client:
            message = await client.messages.create(
                model=MODELS["anthropic_messages"], max_tokens=99, messages=history
            )
        said = message.content[0].text if message.content else ""
        history.append({"role": "assistant", "content": said})
        return said or "I do not know."

    async def teardown():
        await asyncio.sleep(1)
        torn.append(1)

    subject = scenario(agent, QUESTION, teardown=teardown)
    replies = [spoken("anthropic_messages", Said("At nine."), stream=False)]
    prepared = Rehearsal(subject, cassette=recorded(subject, replies))
    prepared.prepare()
    runs = len(torn)
    outcome = prepared.trial(Plan.of({"call 0": fault("empty_reply")}.items()))

    assert outcome.fingerprints == {"history_poisoning:refused: empty message"}
    assert len(torn) == runs + 1


def test_a_history_in_the_module_is_seen_where_setup_clears_it():
    history = []

    def agent(ctx, text):
        history.append({"role": "user", "content": text})
        heard = Claude(history, retries=0).ask()
        history.append({"role": "assistant", "content": heard.text})
        return heard.text or "I do not know."

    prepared = rehearsal(agent, "anthropic_messages", (Said("At nine."),), setup=history.clear)
    outcome = prepared.trial(Plan.of({"call 0": fault("empty_reply")}.items()))

    assert outcome.fingerprints == {"history_poisoning:refused: empty message"}


def test_a_search_finds_and_shrinks_what_only_a_probe_shows():
    campaign = find_failures(rehearsal(remembering("openai_chat"), "openai_chat"), max_examples=40)
    found = {one.failure.fingerprint: one.failure.plan for one in campaign.findings}

    assert set(found) >= POISONED
    assert len(found[min(POISONED)].faults) == 1


TRIP = (Said("Two adults and a child."), Said("The child pays half."), Said("In total 250 euros."))


@pytest.mark.parametrize(
    ("taken_back", "expected"),
    [(1, set()), (3, {"history_poisoning:lost turn"}), (5, set())],
    ids=["the-turn-that-failed", "one-before-it-too", "all"],
)
def test_a_turn_that_went_well_is_found_missing_where_an_earlier_one_is_still_told(taken_back, expected):
    def agent(ctx, text):
        history = ctx.agent_state.setdefault("history", [])
        history.append({"role": "user", "content": text})
        try:
            heard = SPEAKERS["openai_chat"](history).ask()
        except Exception:
            del history[-taken_back:]
            return "Please ask again."
        history.append({"role": "assistant", "content": heard.text})
        return heard.text

    subject = scenario(agent, "Who is booked?", "What about the child?", "What is it in total?")
    replies = [spoken("openai_chat", one, i, stream=True) for i, one in enumerate(TRIP)]
    outcome = Rehearsal(subject, cassette=recorded(subject, replies)).trial(
        Plan.of({"call 2": fault("permission_error")}.items())
    )

    assert outcome.fingerprints == expected, outcome.reason


@pytest.mark.parametrize("kept", ["{}", "(second attempt) {}", ""])
def test_a_reply_that_a_second_attempt_gave_is_found_missing_in_the_next_turn(kept):
    def agent(ctx, text):
        history = ctx.agent_state.setdefault("history", [])
        history.append({"role": "user", "content": text})
        try:
            said = SPEAKERS["openai_chat"](history).ask().text
            history.append({"role": "assistant", "content": said})
        except Exception:
            said = SPEAKERS["openai_chat"](list(history)).ask().text
            if kept:
                history.append({"role": "assistant", "content": kept.format(said)})
        return said

    subject = scenario(agent, "Who is booked?", "What about the child?", "What is it in total?")
    replies = [spoken("openai_chat", one, i, stream=True) for i, one in enumerate(TRIP)]
    outcome = Rehearsal(subject, cassette=recorded(subject, replies)).trial(
        Plan.of({"call 0": fault("permission_error")}.items())
    )

    assert outcome.fingerprints == (set() if kept else {"history_poisoning:lost turn"}), outcome.reason


@pytest.mark.parametrize("budget", [150, 200, 10_000])
def test_a_history_with_a_budget_may_lack_a_turn_that_a_long_apology_has_the_room_of(budget):
    def agent(ctx, text):
        turns = ctx.agent_state.setdefault("turns", [])
        recent, room = [], budget
        for turn in reversed(turns[1:]):
            room -= sum(len(one["content"]) for one in turn)
            if room < 0:
                break
            recent = [*turn, *recent]
        history = [*(turns[0] if turns else []), *recent, {"role": "user", "content": text}]
        try:
            said = SPEAKERS["openai_chat"](history).ask().text
        except Exception:
            said = "I could not ask anybody about that. " * 4
        turns.append([history[-1], {"role": "assistant", "content": said}])
        return said

    asked = ("Who is booked?", "What about the child?", "Is there a dog?", "What is it in total?")
    said = (*TRIP[:2], Said("There is no dog."), TRIP[2])
    subject = scenario(agent, *asked)
    replies = [spoken("openai_chat", one, i, stream=True) for i, one in enumerate(said)]
    outcome = Rehearsal(subject, cassette=recorded(subject, replies)).trial(
        Plan.of({"call 2": fault("permission_error")}.items())
    )

    assert outcome.fingerprints == set(), outcome.reason


def test_an_apology_that_a_model_words_is_no_turn_that_went_well():
    def agent(ctx, text):
        history = ctx.agent_state.setdefault("history", [])
        user = {"role": "user", "content": text}
        try:
            said = SPEAKERS["openai_chat"]([*history, user]).ask().text
        except Exception:
            rules = {"role": "system", "content": "Say sorry, in the language of the message."}
            return SPEAKERS["openai_chat"]([rules, user]).ask().text
        history += [user, {"role": "assistant", "content": said}]
        return said

    subject = scenario(agent, "Who is booked?", "What about the child?")
    replies = [spoken("openai_chat", one, i, stream=True) for i, one in enumerate(TRIP[:2])]
    outcome = Rehearsal(subject, cassette=recorded(subject, replies)).trial(
        Plan.of({"call 1": fault("permission_error")}.items())
    )

    assert outcome.fingerprints == set(), outcome.reason
