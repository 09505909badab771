"""The report of one run, as Python code and files see it."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ConfigDict

from agent_chaos.oracles.oracle import Violation
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.results.metrics import MetricsStore
from agent_chaos.results.turn_result import AssertionResult, TurnResult


class RunReport(BaseModel):
    """How one run of a scenario went. Times are virtual seconds.

    `passed` is True for the verdict PASS alone. `rule` names what decided any other one: an oracle, an assertion, the
    recording, the faults or the harness; `reason` explains it. `violations` is what the oracles found.

    Args:
        scenario_name, description, tags, meta: those of the scenario.
        trace_id: names the run in its events; the same for the same run.
        elapsed_s: virtual seconds of the whole run.
        error: what the agent raised, as `type: message`; None where it answered.
        agent_input, agent_output: the first message of the user, and the last answer.
        turn_results, conversation: each turn, and every message in order, as JSON values.
        assertion_results, scorecard: how the assertions went, alone and in the form of 0.1.3.
        metrics, llm_calls: counts of calls, tokens, faults and tools; logical calls.
        faults_fired, unfired: the faults that struck, and those configured that did not, each in words.
        plan: the plan that the run was under, as JSON; empty without one.
    """

    model_config = ConfigDict(frozen=True)

    scenario_name: str
    trace_id: str = ""
    description: str = ""
    passed: bool
    verdict: Verdict
    rule: str = ""
    reason: str = ""
    elapsed_s: float
    error: str | None = None
    agent_input: str | None = None
    agent_output: str | None = None
    assertion_results: tuple[AssertionResult, ...] = ()
    turn_results: tuple[TurnResult, ...] = ()
    conversation: tuple[dict[str, Any], ...] = ()
    scorecard: dict[str, Any] = {}
    tags: tuple[str, ...] = ()
    meta: dict[str, Any] = {}
    metrics: MetricsStore = MetricsStore()
    violations: tuple[Violation, ...] = ()
    faults_fired: tuple[str, ...] = ()
    unfired: tuple[str, ...] = ()
    llm_calls: int = 0
    plan: dict[str, Any] = {}

    def to_dict(self) -> dict[str, Any]:
        return self.model_dump(mode="json")

    def to_json(self) -> str:
        """Indented, with sorted keys."""
        return _pretty(self.to_dict())

    def scorecard_json(self) -> str:
        """The scorecard alone, as 0.1.3 wrote it."""
        return _pretty(self.to_dict()["scorecard"])


def _pretty(value: dict[str, Any]) -> str:
    # Sorted, so that reports of two runs differ only in lines that say something else.
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)


def scorecard(
    name: str,
    trace_id: str,
    *,
    passed: bool,
    elapsed_s: float,
    error: str | None,
    metrics: MetricsStore,
    turns: tuple[TurnResult, ...],
    chaos: list[dict[str, Any]],
) -> dict[str, Any]:
    """The figures of a run under the keys that 0.1.3 used."""
    return {
        "trace_id": trace_id,
        "scenario": name,
        "passed": passed,
        "elapsed_s": elapsed_s,
        "error": error,
        "llm_calls_total": metrics.total_calls,
        "llm_calls_failed": metrics.failed_calls,
        "llm_retries_total": metrics.calls.retries,
        "faults_injected_total": len(metrics.faults),
        "avg_latency_s": metrics.avg_latency,
        "success_rate": metrics.success_rate,
        "avg_ttft_s": metrics.avg_ttft,
        "turns_total": len(turns),
        "turns_completed": sum(turn.success for turn in turns),
        "turns_failed": sum(not turn.success for turn in turns),
        "scenario_chaos": chaos,
        "total_input_tokens": metrics.total_input_tokens,
        "total_output_tokens": metrics.total_output_tokens,
        "total_tokens": metrics.total_tokens,
        "avg_tokens_per_call": metrics.avg_tokens_per_call,
        "max_tokens_single_call": metrics.max_tokens_single_call,
        "system_prompt": metrics.conv.system_prompt,
    }
