"""How a stored failure stands today, judged from one run of its plan."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from agent_chaos.oracles.verdict import Outcome, Verdict
from agent_chaos.search.campaign import Failure


class Standing(StrEnum):
    """In the words people read."""

    STILL_FAILS = "STILL FAILS"
    CHANGED = "CHANGED"
    FIXED = "FIXED"
    STALE = "STALE"
    BROKEN = "HARNESS ERROR"

    @property
    def exit_code(self) -> int:
        return {"STILL FAILS": 1, "CHANGED": 1, "FIXED": 0, "STALE": 3, "HARNESS ERROR": 5}[self.value]


@dataclass(frozen=True, slots=True)
class Stands:
    """A standing and why."""

    standing: Standing
    why: str


def stands(failure: Failure, outcome: Outcome) -> Stands:
    """FIXED only where every fault of the plan fired and the run was judged and passed; else STALE."""
    if outcome.verdict is Verdict.ERROR:
        return Stands(Standing.BROKEN, outcome.reason)
    if failure.fingerprint in outcome.fingerprints:
        return Stands(Standing.STILL_FAILS, failure.violation.reason)
    if outcome.fingerprints:
        return Stands(Standing.CHANGED, "now fails by " + ", ".join(sorted(outcome.fingerprints)))
    missed = _not_fired(failure, outcome)
    if missed:
        return Stands(Standing.STALE, f"not reached: {missed}; record again, or remove the failure")
    if outcome.verdict is not Verdict.PASS:
        return Stands(Standing.STALE, outcome.reason or outcome.verdict.words)
    return Stands(Standing.FIXED, f"passes under {failure.plan}")


def _not_fired(failure: Failure, outcome: Outcome) -> str:
    fired = {(str(site), fault) for site, fault in outcome.trace.fired}
    return "; ".join(str(p) for p in failure.plan.faults if (str(p.site), p.fault) not in fired)
