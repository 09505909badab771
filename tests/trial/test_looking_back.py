"""An agent, a dynamic turn and an assertion see what was measured, the same while recording and in replay."""

from __future__ import annotations

from typing import Any

import pytest

from agent_chaos.chaos import tool_error
from agent_chaos.record.recording import record_scenario
from agent_chaos.scenario import AssertionResult, BaselineScenario, Turn, TurnCompletes, run_scenario
from tests.standin.server import standin
from tests.tool_loops import QUESTION, SPEAKERS, agent_of, script

SILENT = ("openai_chat", True)
"""Streams that tell no tokens, as the agent does not ask for them with `include_usage`."""


def looking(speak: Any, seen: list[Any]) -> Any:
    """The agent, and what it saw in `ctx.metrics` after each turn of its own."""

    def agent(ctx: Any, text: str) -> str:
        answer = speak(ctx, text)
        metrics = ctx.metrics
        seen.append((metrics.calls.count, metrics.tokens.input > 0, metrics.tokens.output > 0))
        return answer

    return agent


def again(history: list[Any]) -> str:
    """A follow-up that shows what is known of the turn before."""
    first = history[0]
    return f"{first.llm_calls} calls, {'some' if first.total_tokens else 'no'} tokens. {QUESTION}"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("protocol", SPEAKERS)
def test_calls_and_tokens_are_counted_while_the_run_goes_on(protocol, stream, tmp_path):
    seen: list[Any] = []
    with standin(script) as server:
        base = BaselineScenario(
            name="looking",
            agent=looking(agent_of(protocol, server.url, style="sync", stream=stream), seen),
            turns=(QUESTION, Turn(again)),
            hosts=("127.0.0.1",),
            cassette=tmp_path / "looking.msgpack",
        )
        record_scenario(base)
    recorded, told = list(seen), (protocol, stream) != SILENT
    report = run_scenario(base)

    assert report.passed, report.reason
    assert recorded == seen[-2:] == [(2, told, told), (4, told, told)]
    assert report.turn_results[1].input.startswith(f"2 calls, {'some' if told else 'no'} tokens.")
    assert [turn.is_dynamic for turn in report.turn_results] == [False, True]


def test_a_turn_keeps_the_results_of_its_assertions(tmp_path):
    def polite(ctx: Any, turn_number: int) -> AssertionResult:
        return AssertionResult("polite", turn_number == 0)

    with standin(script) as server:
        base = BaselineScenario(
            name="kept",
            agent=agent_of("anthropic_messages", server.url, style="sync", stream=False),
            turns=(Turn(QUESTION, assertions=[TurnCompletes(), polite]),),
            hosts=("127.0.0.1",),
            assertions=[lambda ctx: True],
            cassette=tmp_path / "kept.msgpack",
        )
        record_scenario(base)
    report = run_scenario(base)
    faulted = run_scenario(base.variant(name="faulted", chaos=[tool_error("down")]))

    assert [one.name for one in report.turn_results[0].assertion_results] == ["turn_completes", "polite"]
    assert len(report.assertion_results) == 3
    (struck,) = faulted.turn_results[0].chaos
    assert (struck["message"], struck["on_turn"]) == (faulted.metrics.faults[0].description, 0)
    assert set(struck) == set(faulted.scorecard["scenario_chaos"][0])
