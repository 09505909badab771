"""Asks every oracle about a run, and puts what they found and what the harness saw into one verdict."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

from agent_chaos.containment import Contained
from agent_chaos.files import told_with_place
from agent_chaos.oracles.oracle import Evidence, Oracle, Undecided, Violation
from agent_chaos.oracles.reading.departure import asked_otherwise, cannot_tell, judged_to
from agent_chaos.oracles.registry import all_oracles
from agent_chaos.oracles.verdict import Outcome, decide
from agent_chaos.trace.trace import Call, Trace


def judge(
    evidence: Evidence,
    judges: Mapping[str, Oracle] | None = None,
    *,
    asserted: Iterable[Violation] = (),
    unfired: str = "",
) -> Outcome:
    """The outcome of a run.

    Args:
        judges: the oracles to ask; all of them where none are named.
        asserted: what the scenario's own assertions found.
        unfired: why configured chaos did not strike; empty where it did, or need not.
    """
    trace = evidence.trace
    if problem := _broken(trace, rewritten=evidence.rewritten):
        return decide(trace, broken=problem)
    found: list[Violation | Undecided] = []
    failed: list[str] = []
    for oracle in (all_oracles() if judges is None else judges).values():
        # A broken oracle must not pass for a broken agent, nor keep the others from their findings.
        with Contained() as contained:
            # Oracles are generators: what they raise comes up here, within the block, and not where they are
            # called.
            told = _within_recording(trace, oracle, oracle.judge(evidence))
            found += _exact(evidence, oracle, told)
        if (exc := contained.error) is not None:
            failed.append(f"oracle {oracle.name} failed: {told_with_place(exc)}")
    undecided = [one for one in found if isinstance(one, Undecided)]
    kept, unknown = _as_far_as_known(trace, asserted, rewritten=evidence.rewritten, clean=evidence.clean)
    violations = [one for one in found if isinstance(one, Violation)]
    return decide(
        trace,
        [*violations, *kept],
        [*unknown, *undecided],
        unjudged="; ".join(failed),
        not_tested=unfired or _untested(trace),
        judged_to=judged_to(trace, len(evidence.clean.answers), evidence.clean),
    )


def judge_asserted(
    trace: Trace,
    asserted: Iterable[Violation],
    *,
    turns: int,
    rewritten: bool,
    chaos: bool,
    unfired: str = "",
) -> Outcome:
    """The outcome of a run that has no run without faults beside it: no oracle is asked.

    Args:
        asserted: what its own assertions found.
        turns: how many turns the run was to have.
        rewritten: whether chaos rewrote what was asked.
        chaos: whether any chaos was configured, which may lead a run away from the recording without a fault.
        unfired: why configured chaos did not strike; empty where it did, or need not.
    """
    if problem := _broken(trace, rewritten=chaos):
        return decide(trace, broken=problem)
    kept, unknown = _as_far_as_known(trace, asserted, rewritten=rewritten)
    return decide(trace, kept, unknown, not_tested=unfired, judged_to=judged_to(trace, turns))


def _as_far_as_known(
    trace: Trace, asserted: Iterable[Violation], *, rewritten: bool, clean: Trace | None = None
) -> tuple[list[Violation], list[Undecided]]:
    """What assertions found where the recording holds what was asked; and what nobody can know."""
    why = cannot_tell(trace, rewritten=rewritten, clean=clean)
    unknown = [Undecided(oracle="recording", reason=why)] if why else []
    other = asked_otherwise(trace)
    if not other:
        return list(asserted), unknown
    # another reply might have kept what is asserted
    return [], [*unknown, *(Undecided(oracle=one.rule, reason=other) for one in asserted)]


def _within_recording(
    trace: Trace, oracle: Oracle, found: Iterable[Violation | Undecided]
) -> Iterator[Violation | Undecided]:
    """What an oracle found where replay was as faithful as it needs; a reply to another question is no ground for a finding."""
    first = next((call.seq for call in trace.calls if call.fidelity > oracle.needs), None)
    for one in found:
        if first is None or isinstance(one, Undecided) or _seen_by(one) < first:
            yield one


def _seen_by(violation: Violation) -> float:
    """The last entry that a finding rests on; the end of the run where it names none."""
    places = [seq for seq in (violation.call_seq, violation.tool_seq) if seq is not None]
    # A finding that names no entry rests on the whole run, and so on its last reply, too.
    return max(places, default=math.inf)


def _exact(
    evidence: Evidence, oracle: Oracle, found: Iterable[Violation | Undecided]
) -> Iterator[Violation | Undecided]:
    """Leaves open what rests on a clock that the run shared with something which knows no virtual time.

    Where the run without faults was as inexact, only what is judged by the clock is left open.
    """
    degraded = evidence.trace.incidents_of("degraded")
    usual = bool(evidence.clean.incidents_of("degraded"))
    for one in found:
        if degraded and isinstance(one, Violation) and (oracle.timed or not usual):
            yield Undecided(oracle=one.oracle, reason=f"virtual time was not exact: {degraded[0].detail}")
        else:
            yield one


def _untested(trace: Trace) -> str:
    return "no fault fired" if trace.plan.faults and not trace.fired else ""


_REFUSED = {"refused": "refused a connection to ", "effect": "refused what the agent did: it "}


def _broken(trace: Trace, *, rewritten: bool = False) -> str:
    """What makes a run worthless, in words; '' where it can be judged.

    `rewritten` says that chaos rewrote what was asked, which may lead a run away from the recording without a fault.
    """
    for incident in trace.incidents_of("harness", "refused", "effect"):
        return f"{_REFUSED.get(incident.kind, '')}{incident.detail}"
    if rewritten:
        return ""
    # Of the entries only calls and tool runs can have been struck.
    first_fault = next((e.seq for e in trace.entries if getattr(e, "fired", ())), None)
    if trace.left_at is not None and (first_fault is None or trace.left_at <= first_fault):
        call = next((e for e in trace.entries if isinstance(e, Call) and e.seq == trace.left_at), None)
        where = f" at call {call.call}: {call.difference}" if call else ""
        return f"the run left the recording before any fault{where}"
    return ""
