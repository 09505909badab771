"""Runs a scenario once, offline from its cassette, and says how it went."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from agent_chaos.chaos.plan import Plan
from agent_chaos.core.results import TurnResult
from agent_chaos.core.trace import Answer, Raised, Trace
from agent_chaos.oracles.oracle import Violation
from agent_chaos.oracles.verdict import Outcome
from agent_chaos.scenario.model import BaselineScenario
from agent_chaos.scenario.rehearsal import Rehearsal


class RunReport(BaseModel):
    """How one run of a scenario went. Times are virtual seconds.

    `passed` is True for the verdict PASS alone; `verdict` is in the words people read, `reason` explains it.
    """

    model_config = ConfigDict(frozen=True)

    scenario_name: str
    passed: bool
    verdict: str
    reason: str = ""
    elapsed_s: float
    error: str | None = None
    agent_input: str | None = None
    agent_output: str | None = None
    turn_results: tuple[TurnResult, ...] = ()
    violations: tuple[Violation, ...] = ()
    faults_fired: tuple[str, ...] = ()
    llm_calls: int = 0
    plan: dict[str, Any] = {}


def run_scenario(
    scenario: BaselineScenario, *, plan: Plan | None = None, allow_real_tools: bool = False
) -> RunReport:
    """Runs a scenario from its cassette under a plan; without one, without faults.

    Raises:
        CassetteMissing: it was never recorded.
        HarnessError, NondeterministicError: the run without faults is not sound.
    """
    rehearsal = Rehearsal(scenario, allow_real_tools=allow_real_tools)
    return report_of(scenario, rehearsal.trial(plan or Plan()))


def report_of(scenario: BaselineScenario, outcome: Outcome) -> RunReport:
    """The outcome of a run as a report."""
    trace = outcome.trace
    raised = trace.raised[-1] if trace.raised else None
    return RunReport(
        scenario_name=scenario.name,
        passed=outcome.verdict == "pass",
        verdict=outcome.verdict.words,
        reason=outcome.reason,
        elapsed_s=trace.virtual_s,
        error=f"{raised.type}: {raised.message}" if raised else None,
        agent_input=trace.answers[0].input if trace.answers else None,
        agent_output=trace.answers[-1].text if trace.answers else None,
        turn_results=_turn_results(trace),
        violations=outcome.violations,
        faults_fired=tuple(f"{site}: {fault.describe()}" for site, fault in trace.fired),
        llm_calls=len({call.call for call in trace.calls}),
        plan=trace.plan.as_dict(),
    )


def _turn_results(trace: Trace) -> tuple[TurnResult, ...]:
    ended = [entry for entry in trace.entries if isinstance(entry, Answer | Raised)]
    results, since = [], 0.0
    for entry in ended:
        calls = len({call.call for call in trace.calls if call.turn == entry.turn})
        results.append(_turn_result(entry, entry.at - since, calls))
        since = entry.at
    return tuple(results)


def _turn_result(entry: Answer | Raised, duration_s: float, calls: int) -> TurnResult:
    failed = isinstance(entry, Raised)
    return TurnResult(
        turn_number=entry.turn,
        input=entry.input,
        response="" if isinstance(entry, Raised) else entry.text,
        success=not failed,
        duration_s=duration_s,
        llm_calls=calls,
        error=f"{entry.type}: {entry.message}" if isinstance(entry, Raised) else None,
    )
