"""A run of turns: what the agent is given, what counts as its answer, and what an exception ends."""

import asyncio
import signal
import sys
import time
from functools import partial
from random import Random

import anthropic
import pytest
from pydantic import ValidationError

import agent_chaos
from agent_chaos.faults.plan import Plan
from agent_chaos.faults.transport.server_errors import ServerError
from agent_chaos.oracles.unhandled_exception import grade_of
from agent_chaos.results.context import ChaosContext
from agent_chaos.runtime.active import running
from agent_chaos.runtime.clock import VirtualClock
from agent_chaos.runtime.session import Session
from agent_chaos.runtime.tape import Tape
from agent_chaos.scenario.model import Turn
from agent_chaos.trace.stack_frame import StackFrame
from agent_chaos.trial.rehearsal import Rehearsal
from agent_chaos.trial.turn_log import TurnLog, answer_text
from tests.trials import claude_says, nothing_recorded, recorded, scenario, trial


def ran(agent, *turns, **fields):
    """The trace of an agent that makes no request."""
    return trial(scenario(agent, *turns, **fields), recorded(scenario(lambda ctx, text: "x"), []))


def answers(trace):
    return [answer.text for answer in trace.answers]


def test_turns_come_in_order_with_the_state_and_the_history_of_the_run():
    seen = []

    def agent(ctx, text):
        ctx.agent_state["count"] = ctx.agent_state.get("count", 0) + 1
        seen.append((ctx.name, ctx.current_turn, ctx.agent_state["count"], ctx.get_message_history()))
        return f"{text}!"

    trace = ran(agent, "one", "two")
    again = ran(agent, "one")

    assert answers(trace) == ["one!", "two!"]
    assert seen[:2] == [
        ("test", 0, 1, []),
        ("test", 1, 2, [{"role": "user", "content": "one"}, {"role": "assistant", "content": "one!"}]),
    ]
    assert seen[2][2] == 1
    assert answers(again) == ["one!"]


def test_a_turn_can_be_made_from_the_results_before_it():
    trace = ran(
        lambda ctx, text: text.upper(), "one", Turn(lambda results: f"after {results[-1].response}"), "three"
    )

    assert [answer.input for answer in trace.answers] == ["one", "after ONE", "three"]


class Echo:
    def __call__(self, text):
        return text


@pytest.mark.parametrize(
    "agent",
    [lambda text: text, partial(lambda mark, text: text, "!"), Echo, Echo(), Echo().__call__],
    ids=["function", "partial", "class", "instance", "method"],
)
def test_an_agent_of_one_parameter_is_given_the_input_alone(agent):
    assert answers(ran(agent, "one", "two")) == ["one", "two"]


def test_an_agent_that_cannot_be_called_is_refused_with_both_ways_to_write_it():
    with pytest.raises(ValidationError, match=r"agent\(ctx, turn_input\) or agent\(turn_input\)"):
        scenario(lambda ctx, text, user: text)


def test_a_turn_that_fails_does_not_end_the_conversation():
    def agent(ctx, text):
        if text == "two":
            raise LookupError("who is two?")
        return f"{text}: {[result.success for result in ctx.turn_results]}"

    trace = ran(agent, "one", "two", "three")

    assert answers(trace) == ["one: []", "three: [True, False]"]
    assert [(raised.turn, raised.type, raised.message) for raised in trace.raised] == [
        (1, "LookupError", "who is two?")
    ]
    assert trace.raised[0].where == "test_conversation.py:agent"
    assert "Exception" in trace.raised[0].bases


def test_an_exit_ends_the_conversation():
    trace = ran(lambda ctx, text: sys.exit(3), "one", "two")

    assert [raised.type for raised in trace.raised] == ["SystemExit"]
    assert trace.answers == ()


def test_ctrl_c_is_nobodys_answer_and_leaves_no_run_behind():
    def agent(ctx, text):
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        ran(agent)
    assert running() is None
    assert answers(ran(lambda ctx, text: "fine")) == ["fine"]


def test_the_first_exception_of_a_group_is_what_the_turn_ended_in():
    async def look_up(order):
        await asyncio.sleep(0)
        raise LookupError(order)

    async def agent(ctx, text):
        async with asyncio.TaskGroup() as group:
            group.create_task(look_up("A-17"))

    raised = ran(agent).raised[0]

    assert (raised.type, raised.message) == ("LookupError", "A-17")
    assert raised.where == "test_conversation.py:look_up"


def test_an_exception_of_an_sdk_is_placed_at_the_users_own_function():
    def outer(client):
        return [
            client.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": "Hi."}])
            for _ in range(1)
        ]

    def agent(ctx, text):
        return outer(anthropic.Anthropic(max_retries=0))[0].content[0].text

    one = scenario(agent)
    trace = trial(one, recorded(one, [claude_says("Hello.")]), Plan.of([("call 0", ServerError())]))

    assert trace.raised[0].type == "anthropic.InternalServerError"
    assert trace.raised[0].where == "test_conversation.py:outer"


def test_a_call_from_a_librarys_own_task_is_placed_at_the_agent_and_not_at_what_runs_it():
    async def agent(ctx, text):
        said = [{"role": "user", "content": "Hi."}]
        request = anthropic.AsyncAnthropic().messages.create(model="m", max_tokens=9, messages=said)
        return (await asyncio.create_task(request)).content[0].text

    one = scenario(agent)
    trace = trial(one, recorded(one, [claude_says("Hello.")]))

    assert trace.calls[0].frame.function == "agent"


def in_a_coroutine(tool):
    async def helper(arguments):
        return await asyncio.to_thread(tool, arguments)

    async def everything(text):
        return await asyncio.gather(helper(text))

    async def agent(ctx, text):
        return await everything(text)

    return agent, "everything"


def in_a_generator(tool):
    async def helper(arguments):
        return await asyncio.to_thread(tool, arguments)

    async def agent(ctx, text):
        yield await helper(text)

    return agent, "helper"


@pytest.mark.parametrize("made", [in_a_coroutine, in_a_generator])
def test_a_tool_in_a_worker_thread_is_placed_at_the_line_that_waits_for_it(made):
    @agent_chaos.tool
    def look_up(order):
        return f"{order}: sent"

    agent, function = made(look_up)
    one = scenario(agent)
    trace = trial(one, recorded(one, []))

    assert [run.frame.function for run in trace.tools] == [function]


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ("plain", "plain"),
        ({"response": "inside", "cost": 3}, "inside"),
        ({"response": {"response": 4}}, "4"),
        ({"response": None}, ""),
        (None, ""),
        (4.5, "4.5"),
        ({"answer": 1}, "{'answer': 1}"),
    ],
    ids=repr,
)
def test_what_the_user_reads_of_a_result(result, text):
    assert answer_text(result) == text


def test_every_turn_of_an_async_agent_runs_on_one_loop():
    loops = []

    async def agent(ctx, text):
        loops.append(asyncio.get_running_loop())
        return text

    ran(agent, "one", "two")

    assert loops[0] is loops[1]
    assert loops[0].is_closed()


def test_a_task_that_is_left_behind_is_cancelled_with_its_run():
    ended = []

    async def forever():
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    async def agent(ctx, text):
        ctx.agent_state["task"] = asyncio.create_task(forever())
        await asyncio.sleep(0)
        return text

    assert answers(ran(agent)) == ["go"]
    assert ended == ["cancelled"]


def pieces(ctx, text):
    yield "A laptop "
    time.sleep(60)
    yield "costs $1500."


async def async_pieces(ctx, text):
    yield "A laptop "
    await asyncio.sleep(60)
    yield "costs $1500."


async def awaited_pieces(ctx, text):
    return pieces(ctx, text)


def mapped_pieces(ctx, text):
    return map(str, pieces(ctx, text))


class Piecewise:
    def __call__(self, ctx, text):
        return pieces(ctx, text)


@pytest.mark.parametrize(
    "agent",
    [pieces, async_pieces, awaited_pieces, mapped_pieces, Piecewise(), Piecewise],
    ids=["generator", "async generator", "awaited", "mapped", "object", "class"],
)
def test_an_agent_that_gives_its_answer_in_pieces_is_gone_through_within_its_run(agent):
    trace = ran(agent)

    assert answers(trace) == ["A laptop costs $1500."]
    # Not to the hundredth: a thread that an earlier test left may wait along with the run.
    assert trace.virtual_s == pytest.approx(60, abs=0.1)


def test_pieces_that_are_no_text_are_kept_as_they_are():
    def agent(ctx, text):
        yield {"step": 1}
        yield {"step": 2}

    assert ran(agent).answers[0].value == [{"step": 1}, {"step": 2}]


def test_an_exception_between_two_pieces_ends_the_turn():
    def agent(ctx, text):
        yield "one"
        raise LookupError("no more")

    assert [raised.type for raised in ran(agent).raised] == ["LookupError"]


def test_an_agent_of_a_class_starts_afresh_in_every_run():
    class Counting:
        def __init__(self):
            self.turns = 0

        def __call__(self, ctx, text):
            self.turns += 1
            return str(self.turns)

    assert [answers(ran(Counting, "a", "b")) for _ in range(2)] == [["1", "2"]] * 2


@pytest.mark.parametrize(
    "error", [SystemExit(0), KeyboardInterrupt(), GeneratorExit(), asyncio.CancelledError()], ids=repr
)
def test_what_ends_more_than_a_turn_is_an_outcome_of_the_run_and_a_bug_of_its_agent(error):
    def agent(ctx, text):
        raise error

    (raised,) = ran(agent).raised

    assert raised.type.endswith(type(error).__name__)
    assert grade_of(raised) == "programming"


def test_an_agent_that_answers_nothing_is_told_what_that_blinds():
    def agent(ctx, text):
        anthropic.Anthropic().messages.create(
            max_tokens=9, model="claude-sonnet-5", messages=[{"role": "user", "content": text}]
        )

    one = scenario(agent)
    rehearsal = Rehearsal(one, cassette=recorded(one, [claude_says("hi")]))
    rehearsal.prepare()

    assert any(note.startswith("answer: the agent returns None") for note in rehearsal.notes)


class Mute(Exception):
    """Cannot be put into words."""

    def __str__(self):
        raise RuntimeError("no words")


def test_what_cannot_be_put_into_words_is_kept_all_the_same():
    def fails(ctx, text):
        raise Mute

    (raised,) = ran(fails).raised

    assert raised.message == "<Mute, whose str() fails>"
    assert answers(ran(lambda ctx, text: Mute())) == ["<Mute, whose str() fails>"]


def test_an_endless_message_is_shortened():
    def fails(ctx, text):
        raise ValueError("x" * 10_000_000)

    (raised,) = ran(fails).raised

    assert len(raised.message) < 200_000
    assert raised.message.endswith("(10,000,000 characters)")


def test_pieces_become_one_text_only_where_all_of_them_are_text():
    assert answers(ran(lambda ctx, text: iter(["one, ", "two"]))) == ["one, two"]
    assert answers(ran(lambda ctx, text: iter(["one", 2]))) == ["['one', 2]"]


def test_an_agent_that_swallows_a_miss_gets_no_further_reply():
    def agent(ctx, text):
        client = anthropic.Anthropic()
        for word in ("one", "two"):
            try:
                client.messages.create(
                    model="claude-sonnet-5", max_tokens=9, messages=[{"role": "user", "content": word}]
                )
            except BaseException:
                continue

    trace = trial(scenario(agent), nothing_recorded())

    assert len(trace.incidents_of("miss")) == 1
    assert len(trace.calls) == 1


def test_an_exception_that_no_line_of_the_agent_saw_is_placed_where_the_agent_is_defined():
    session = Session(clock=VirtualClock(0.0), tape=Tape(), jitter=Random(0), chance=Random(0))
    session.agent = StackFrame("agent.py", 7, "support")
    TurnLog(session, ChaosContext("test", agent_chaos.tool)).raised("go", ValueError("from C code"))
    (entry,) = session.tape.entries()

    assert entry.frame == session.agent
