"""Where a fault is said to have struck: the call, or the stream that came of it."""

import pytest

from agent_chaos.faults.plan import Plan, fault_of
from agent_chaos.trial.compute_metrics import measured
from tests.faults.sdk_agents import AGENTS
from tests.spoken import spoken
from tests.standin.said import Said
from tests.trials import recorded, scenario, trial

SAID = Said("The ferry to the island leaves at nine in the morning.")


def ran(*, stream, **fault):
    """The metrics of a run of one call, under a fault of it where one is given."""

    def agent(ctx, text):
        return AGENTS["anthropic_messages", stream, "sync"](ctx, text)["response"]

    subject = scenario(agent)
    cassette = recorded(subject, [spoken("anthropic_messages", SAID, stream=stream)])
    return measured(trial(subject, cassette, Plan.of([("call 0", fault_of(fault))] if fault else [])))


@pytest.mark.parametrize(
    ("stream", "fault", "point"),
    [
        (True, {"kind": "stall", "boundary": "after_frames", "frames": 2, "seconds": 3}, "stream"),
        (True, {"kind": "slow_first_byte", "seconds": 3}, "stream"),
        (True, {"kind": "max_tokens_in_text", "percent_lost": 30}, "llm_call"),
        (True, {"kind": "auth_error"}, "llm_call"),
        (False, {"kind": "slow_first_byte", "seconds": 3}, "llm_call"),
    ],
    ids=[
        "a stall of a stream",
        "its first byte",
        "what the model says",
        "an error in its place",
        "a whole reply",
    ],
)
def test_a_stream_is_struck_where_one_came_and_comes_otherwise(stream, fault, point):
    (record, *_) = ran(stream=stream, **fault).faults

    assert (record.fault_type, record.chaos_point) == (fault["kind"], point)


def test_chunks_are_counted_of_streams_alone():
    (streamed,), (whole,) = (ran(stream=stream).history for stream in (True, False))

    assert (streamed.streamed, whole.streamed) == (True, False)
    assert streamed.stream_chunks > 1
    assert whole.stream_chunks == 0


def test_a_call_is_told_with_the_error_that_its_provider_says_in_the_stream():
    (call,) = ran(stream=True, kind="error_event", error="overloaded", where="middle").history

    assert (call.success, call.error) == (False, "Overloaded")
