"""Chaos around any block of code: replayed from its recording, recorded the first time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import agent_chaos
from agent_chaos.chaos import llm_rate_limit, llm_slow_ttft, llm_stream_cut, tool_error, user_input_mutate
from agent_chaos.errors import CassetteMissing, HarnessError, UsageError
from agent_chaos.events import ListSink, NullSink
from agent_chaos.patch.keys import key_variables
from tests.record.test_branch import script
from tests.search import shop
from tests.standin.server import standin
from tests.tool_loops import ANSWER, QUESTION, agent_of


@pytest.fixture
def shop_cassette(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    shop.save(shop.cassette(), tmp_path / "cassettes" / "shop.msgpack")
    return tmp_path


@pytest.mark.usefixtures("shop_cassette")
def test_a_block_is_replayed_and_measured():
    with agent_chaos.chaos_context("shop") as ctx:
        ctx.agent_input = shop.QUESTION
        ctx.result = shop.careful(ctx, shop.QUESTION)

    assert ctx.report.passed
    assert (ctx.metrics.calls.count, ctx.metrics.tools_called) == (2, ["refund"])
    assert ctx.turn_results[0].response == ctx.result != ""


@pytest.mark.usefixtures("shop_cassette")
def test_its_chaos_strikes_below_the_sdk():
    with agent_chaos.chaos_context("shop", chaos=[llm_rate_limit(retry_after=20).attempts(1)]) as ctx:
        ctx.result = shop.careful(ctx, shop.QUESTION)

    assert ctx.metrics.calls.retries == 1
    assert ctx.elapsed_s > 20
    assert ctx.report.faults_fired == (
        "call 0: rate limit (429), retry after 20 s, absorbed by the SDK's retry",
    )


@pytest.mark.usefixtures("shop_cassette")
def test_chaos_that_never_struck_is_told():
    with agent_chaos.chaos_context("shop", chaos=[llm_rate_limit().after_calls(7)]) as ctx:
        ctx.result = shop.careful(ctx, shop.QUESTION)

    assert ctx.report.verdict == "NOT TESTED"
    assert "the agent made 2 calls; after_calls(7) needs 8" in ctx.report.reason


@pytest.mark.usefixtures("shop_cassette")
def test_what_a_block_would_have_to_record_besides_is_a_scenarios_affair():
    with agent_chaos.chaos_context("shop", chaos=[tool_error()]) as ctx:
        ctx.result = shop.careful(ctx, shop.QUESTION)

    assert ctx.report.verdict == "PASS"
    assert ctx.report.reason.startswith("as far as recorded (turn 1 of 1)")
    assert ctx.report.reason.endswith("recorded by 'agent-chaos record' of a scenario, not of a block")


@pytest.mark.usefixtures("shop_cassette")
def test_turns_are_told_apart_where_the_block_says_so():
    shout = user_input_mutate(lambda query: query + "!").on_turn(1)
    with agent_chaos.chaos_context("shop", chaos=[shout]) as ctx:
        text = ctx.start_turn(0, shop.QUESTION)
        ctx.end_turn(shop.careful(ctx, text))
        louder = ctx.start_turn(1, "thanks")
        ctx.end_turn("you are welcome")

    assert (text, louder) == (shop.QUESTION, "thanks!")
    assert [(one.turn_number, one.llm_calls) for one in ctx.turn_results] == [(0, 2), (1, 0)]
    assert ctx.get_message_history()[-1] == {"role": "assistant", "content": "you are welcome"}


@pytest.mark.usefixtures("shop_cassette")
def test_what_the_block_raises_comes_out_and_is_told():
    with (
        pytest.raises(Exception, match="Connection") as raised,
        agent_chaos.chaos_context("shop", chaos=[llm_stream_cut(after_chunks=2)]) as ctx,
    ):
        ctx.result = shop.curt(ctx, shop.QUESTION)

    assert type(raised.value).__name__ in ctx.error
    assert ctx.report.verdict == "FAIL"


@pytest.mark.usefixtures("shop_cassette")
def test_what_was_never_recorded_is_one_clear_error():
    with (
        pytest.raises(HarnessError, match=r"remove cassettes/shop\.msgpack to record the block afresh"),
        agent_chaos.chaos_context("shop") as ctx,
    ):
        ctx.result = shop.careful(ctx, "an altogether different question")


def test_events_go_to_the_sink_and_files_where_the_dashboard_finds_them(shop_cassette: Path):
    sink = ListSink()
    with agent_chaos.chaos_context("shop", event_sink=sink, emit_events=True) as ctx:
        ctx.result = shop.careful(ctx, shop.QUESTION)

    assert [sink.events[0].type, sink.events[-1].type] == ["trace_start", "trace_end"]
    assert [path.parent.parent.name[-8:] for path in shop_cassette.rglob("events.jsonl")] == ["-context"]


class Broken(NullSink):
    def emit(self, event):
        raise OSError("disk full")


@pytest.mark.usefixtures("shop_cassette")
def test_a_sink_that_fails_changes_no_verdict():
    with (
        pytest.warns(RuntimeWarning, match="the event sink failed: disk full"),
        agent_chaos.chaos_context("shop", event_sink=Broken()) as ctx,
    ):
        ctx.result = shop.careful(ctx, shop.QUESTION)

    assert ctx.report.passed


@pytest.mark.usefixtures("shop_cassette")
def test_a_loop_that_runs_already_is_refused():
    async def inside() -> None:
        with agent_chaos.chaos_context("shop"):
            pass

    with pytest.raises(UsageError, match=r"asyncio\.run\(main\(\)\)"):
        asyncio.run(inside())


@pytest.mark.parametrize(("style", "ci", "record"), [("sync", "", None), ("async", "true", True)])
def test_the_first_time_it_is_recorded_without_chaos(style, ci, record, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-api03-stand-in-key-0123456789")
    reports = []
    with standin(script) as server:
        agent = agent_of("anthropic_messages", server.url, style=style, stream=True)
        for _ in range(2):
            with agent_chaos.chaos_context("weather", chaos=[llm_slow_ttft(delay=5)], record=record) as ctx:
                said = agent(ctx, QUESTION)
                ctx.result = asyncio.run(said) if style == "async" else said
            reports.append(ctx.report)
        asked = len(server.requests)

    assert asked == 2
    assert [report.agent_output for report in reports] == [ANSWER, ANSWER]
    assert [len(report.faults_fired) for report in reports] == [0, 1]


@pytest.mark.parametrize(("ci", "record"), [("true", None), ("", False)])
def test_nothing_is_recorded_in_ci_unasked_nor_where_it_is_forbidden(ci, record, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-api03-stand-in-key-0123456789")

    with (
        pytest.raises(CassetteMissing, match="record=True"),
        agent_chaos.chaos_context("weather", record=record),
    ):
        raise AssertionError("the block must not run")


def test_without_a_recording_or_a_key_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in key_variables():
        monkeypatch.delenv(name, raising=False)

    with (
        pytest.raises(CassetteMissing, match="set the provider's key variable and run the block once"),
        agent_chaos.chaos_context("weather", chaos=[tool_error()]),
    ):
        raise AssertionError("the block must not run")
