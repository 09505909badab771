"""How a stored failure stands today, judged from one run of its plan."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from agent_chaos.errors import ExitCode
from agent_chaos.oracles.verdict import Outcome, Verdict
from agent_chaos.search.campaign import Failure
from agent_chaos.search.corpus.accepted import NOTHING, Baseline


class Standing(StrEnum):
    """How a stored failure, or a recording, stands; CHANGED says that it came out otherwise than before."""

    STILL_FAILS = "STILL FAILS"
    ACCEPTED = "ACCEPTED"
    CHANGED = "CHANGED"
    FIXED = "FIXED"
    STALE = "STALE"
    BROKEN = "HARNESS ERROR"

    @property
    def exit_code(self) -> ExitCode:
        """Of a stored failure."""
        return _EXIT_CODES[self]


_EXIT_CODES = {
    Standing.STILL_FAILS: ExitCode.FAILED,
    Standing.ACCEPTED: ExitCode.OK,
    Standing.CHANGED: ExitCode.FAILED,
    Standing.FIXED: ExitCode.OK,
    Standing.STALE: ExitCode.NOTHING_JUDGED,
    Standing.BROKEN: ExitCode.BROKEN,
}


@dataclass(frozen=True, slots=True)
class Stands:
    """A standing and why."""

    standing: Standing
    why: str


def stands(failure: Failure, outcome: Outcome, baseline: Baseline = NOTHING) -> Stands:
    """FIXED only where every fault of the plan fired and the run was judged and passed; else STALE.

    What still fails is ACCEPTED where the baseline says so for today.
    """
    if outcome.verdict is Verdict.HARNESS_ERROR:
        return Stands(Standing.BROKEN, outcome.reason)
    if failure.fingerprint in outcome.fingerprints:
        return _fails(failure, baseline)
    if outcome.fingerprints:
        return Stands(Standing.CHANGED, "now fails by " + ", ".join(sorted(outcome.fingerprints)))
    missed = _not_fired(failure, outcome)
    if missed:
        return Stands(Standing.STALE, f"not reached: {missed}; record again, or remove the failure")
    if outcome.verdict is not Verdict.PASS:
        return Stands(Standing.STALE, outcome.reason or outcome.verdict)
    return Stands(Standing.FIXED, f"passes under {failure.plan}")


def _fails(failure: Failure, baseline: Baseline) -> Stands:
    for entry in baseline.in_force(failure.scenario, [failure.fingerprint]):
        return Stands(Standing.ACCEPTED, f"until {entry.until}: {entry.reason}")
    for entry in baseline.expired(failure.scenario, [failure.fingerprint]):
        reason = f"accepted until {entry.until}, which has passed; {failure.violation.reason}"
        return Stands(Standing.STILL_FAILS, reason)
    return Stands(Standing.STILL_FAILS, failure.violation.reason)


def _not_fired(failure: Failure, outcome: Outcome) -> str:
    fired = {(str(site), fault) for site, fault in outcome.trace.fired}
    return "; ".join(str(p) for p in failure.plan.faults if (str(p.site), p.fault) not in fired)
