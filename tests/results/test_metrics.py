"""What a run measured, in figures, and how a turn counts its share of them."""

import pytest
from pydantic import ValidationError

from agent_chaos.results.context import ChaosContext
from agent_chaos.results.metrics import CallMetrics, CallRecord, FaultRecord, MetricsStore, StreamMetrics
from agent_chaos.results.turn_result import AssertionResult, TurnResult


def call(turn, *, success=True, tokens=(0, 0), cut=False):
    told = dict(zip(("input_tokens", "output_tokens"), tokens, strict=True)) if any(tokens) else {}
    usage = {**told, "total_tokens": sum(tokens)} if told else {}
    return CallRecord(
        call_id=f"call {turn}", turn=turn, provider="openai", success=success, usage=usage, stream_cut=cut
    )


MEASURED = MetricsStore(
    calls=CallMetrics(count=4, latencies=[1.0, 3.0]),
    stream=StreamMetrics(ttft_times=[0.5, 0.25]),
    history=[
        call(0, tokens=(10, 5)),
        call(1, success=False),
        call(1),
        call(1, tokens=(20, 1), cut=True),
    ],
    faults=[FaultRecord(call_id="call 1", fault_type="server_error", description="500", turn=1)],
)


def test_figures_are_of_all_calls():
    assert MEASURED.failed_calls == 1
    assert MEASURED.success_rate == 0.75
    assert MEASURED.avg_latency == 2.0
    assert MEASURED.avg_ttft == 0.375
    assert MEASURED.avg_tokens_per_call == 9.0
    assert MEASURED.max_tokens_single_call == 21


def test_a_run_without_calls_failed_none_and_took_nothing():
    empty = MetricsStore()

    assert (empty.success_rate, empty.avg_latency, empty.avg_tokens_per_call) == (1.0, 0.0, 0.0)
    assert (empty.max_tokens_single_call, empty.get_token_history()) == (0, [])
    assert (empty.stream.stalls, empty.calls.count, empty.tokens.input) == (0, 0, 0)


def test_the_history_of_tokens_has_a_row_for_each_call_and_their_sum_so_far():
    rows = [
        (row["input"], row["output"], row["total"], row["cumulative"]) for row in MEASURED.get_token_history()
    ]

    assert rows == [(10, 5, 15, 15), (0, 0, 0, 15), (0, 0, 0, 15), (20, 1, 21, 36)]


def test_a_call_is_uncounted_where_it_came_whole_and_no_tokens_were_told():
    cut = MetricsStore(history=[call(0, cut=True), call(0, success=False), call(0, tokens=(1, 0))])

    assert MEASURED.uncounted == [MEASURED.history[2]]
    assert cut.uncounted == []


def wrapping(*, name, pure):
    """Stands for the boundary of tools: says with what it would wrap a function."""
    return lambda fn: (fn, name, pure)


@pytest.fixture
def ctx():
    return ChaosContext("desk", wrapping)


def test_a_tool_is_wrapped_as_a_call_and_as_a_decorator(ctx):
    assert ctx.tool(len) == (len, None, False)
    assert ctx.tool(name="size", pure=True)(len) == (len, "size", True)


def test_turns_are_counted_when_somebody_looks_and_again_when_another_has_ended(ctx):
    looks = []
    ctx.follow(lambda: looks.append(1) or MEASURED)
    for turn in range(2):
        ctx.turn_ended(TurnResult(turn_number=turn, input="?", response="!", success=True))
        assert len(looks) == turn
        assert len(ctx.turn_results) == len(ctx.turn_results) == turn + 1

    first, second = ctx.turn_results
    assert (first.llm_calls, first.total_tokens, first.chaos) == (1, 15, ())
    assert (second.llm_calls, second.input_tokens, second.output_tokens) == (3, 20, 1)
    assert [one["chaos_type"] for one in second.chaos] == ["server_error"]
    assert ctx.get_turn_result(1) == second
    assert ctx.get_turn_result(2) is None


def test_what_nobody_measured_is_nothing():
    bare = call(0)
    turn = TurnResult(turn_number=0, input="?", response="!", success=True)

    assert (bare.attempts, bare.latency, bare.ttft, bare.stream_chunks) == (1, 0.0, None, 0)
    assert MEASURED.faults[0].at == 0.0
    assert (turn.duration_s, turn.llm_calls, turn.input_tokens, turn.output_tokens) == (0.0, 0, 0, 0)
    assert not turn.is_dynamic


def test_an_agent_may_look_before_anything_was_measured(ctx):
    assert ctx.current_turn == 0
    assert ctx.turn_results == []
    assert ctx.metrics == MetricsStore()
    assert ctx.metrics is ctx.metrics


def test_an_assertion_tells_by_position_and_is_not_changed_afterwards():
    told = AssertionResult("max_llm_calls", False, "3 calls", 3, 2, turn=1)

    assert (told.name, told.passed, told.message) == ("max_llm_calls", False, "3 calls")
    assert (told.measured, told.expected, told.turn) == (3, 2, 1)
    with pytest.raises(ValidationError):
        told.passed = True
