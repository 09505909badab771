"""Puts all oracles' findings and what the harness saw into one verdict."""

from __future__ import annotations

from collections.abc import Mapping

from agent_chaos.oracles.oracle import Evidence, Oracle, Undecided, Violation
from agent_chaos.oracles.reading.turns import left_recording_at
from agent_chaos.oracles.registry import oracles
from agent_chaos.oracles.verdict import Outcome, Verdict
from agent_chaos.trace.trace import Call, Trace


def judge(evidence: Evidence, judges: Mapping[str, Oracle] | None = None) -> Outcome:
    """The outcome of a trial: ERROR > FAIL > INCONCLUSIVE > VACUOUS > PASS."""
    trace = evidence.trace
    if problem := broken(trace):
        return Outcome(Verdict.ERROR, trace, reason=problem)
    violations: list[Violation] = []
    undecided: list[Undecided] = []
    for oracle in (oracles() if judges is None else judges).values():
        try:
            found = list(oracle.judge(evidence))
        except Exception as exc:  # noqa: BLE001 - a broken oracle must not pass for a broken agent
            return Outcome(
                Verdict.ERROR, trace, reason=f"oracle {oracle.name} failed: {type(exc).__name__}: {exc}"
            )
        violations += [one for one in found if isinstance(one, Violation)]
        undecided += [one for one in found if isinstance(one, Undecided)]
    verdict, reason = _verdict(trace, violations, undecided)
    return Outcome(verdict, trace, tuple(violations), tuple(undecided), reason)


def _verdict(trace: Trace, violations: list[Violation], undecided: list[Undecided]) -> tuple[Verdict, str]:
    if any(violation.severity == "error" for violation in violations):
        return Verdict.FAIL, ""
    if left := left_recording_at(trace):
        return Verdict.INCONCLUSIVE, left
    if undecided:
        return Verdict.INCONCLUSIVE, undecided[0].reason
    if trace.plan.faults and not trace.fired:
        return Verdict.VACUOUS, "no fault fired"
    return Verdict.PASS, ""


def broken(trace: Trace, *, faulted: bool = False) -> str:
    """What makes a trial worthless, in words; '' where it can be judged.

    `faulted` says that something besides faults on the trace, such as a mutator, may lead it away from the recording.
    """
    for incident in trace.incidents_of("harness", "refused"):
        return f"refused a connection to {incident.detail}" if incident.kind == "refused" else incident.detail
    if faulted:
        return ""
    first_fault = next((e.seq for e in trace.entries if getattr(e, "fired", ())), None)
    if trace.left_at is not None and (first_fault is None or trace.left_at <= first_fault):
        call = next((e for e in trace.entries if isinstance(e, Call) and e.seq == trace.left_at), None)
        where = f" at call {call.call}: {call.difference}" if call else ""
        return f"the run left the recording before any fault{where}"
    return ""
