"""How a stored failure stands today, judged from one run of its plan."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from enum import StrEnum

from agent_chaos.errors import ExitCode, record_again
from agent_chaos.oracles.oracle import spoken
from agent_chaos.oracles.verdict import Outcome, Verdict
from agent_chaos.search.corpus.baseline import NOTHING, Baseline
from agent_chaos.search.corpus.failure_files import installed_version
from agent_chaos.search.failure import Failure


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

    @property
    def still_shows(self) -> bool:
        """Whether the run shows a failure."""
        return self in (Standing.STILL_FAILS, Standing.ACCEPTED, Standing.CHANGED)


_EXIT_CODES = {
    Standing.STILL_FAILS: ExitCode.FAILED,
    Standing.ACCEPTED: ExitCode.OK,
    Standing.CHANGED: ExitCode.FAILED,
    Standing.FIXED: ExitCode.OK,
    Standing.STALE: ExitCode.NOTHING_JUDGED,
    Standing.BROKEN: ExitCode.BROKEN,
}


@dataclass(frozen=True, slots=True)
class Recheck:
    """A standing and why."""

    standing: Standing
    why: str


def recheck(failure: Failure, outcome: Outcome, baseline: Baseline = NOTHING) -> Recheck:
    """FIXED only where every fault of the plan fired and the run was judged and passed; else STALE.

    What still fails is ACCEPTED where the baseline says so for today.
    """
    if outcome.verdict is Verdict.HARNESS_ERROR:
        return Recheck(Standing.BROKEN, outcome.reason)
    if failure.fingerprint in outcome.fingerprints:
        return _fails(failure, outcome, baseline)
    # Before what did not fire: another failure says more than that the plan no longer fits.
    if outcome.fingerprints:
        now = "now fails by " + ", ".join(map(spoken, sorted(outcome.fingerprints)))
        return Recheck(Standing.CHANGED, "; ".join(filter(None, (now, changed_versions(failure)))))
    missed = _not_fired(failure, outcome)
    if missed:
        return Recheck(
            Standing.STALE,
            f"not reached: {missed}; record again with '{record_again(failure.target)}', or remove it",
        )
    if outcome.verdict is not Verdict.PASS:
        return Recheck(Standing.STALE, outcome.reason or outcome.verdict)
    keep = f"keep {failure.id}.json, so that it is run again, or delete it"
    return Recheck(Standing.FIXED, f"passes under {failure.plan}; {keep}")


def _fails(failure: Failure, outcome: Outcome, baseline: Baseline) -> Recheck:
    """It fails still; why is what this run shows, not what was stored."""
    reason = next(one.reason for one in outcome.violations if one.fingerprint == failure.fingerprint)
    named = f"{spoken(failure.fingerprint)}: {reason}"
    for entry in baseline.in_force(failure.scenario, [failure.fingerprint]):
        return Recheck(
            Standing.ACCEPTED,
            f"{spoken(failure.fingerprint)}: until {entry.until}: {entry.reason}",
        )
    for entry in baseline.expired(failure.scenario, [failure.fingerprint]):
        return Recheck(Standing.STILL_FAILS, f"accepted until {entry.until}, which has passed; {named}")
    return Recheck(Standing.STILL_FAILS, named)


def changed_versions(failure: Failure) -> str:
    """The packages that have another version than when the failure was found: `openai 3.57.0, was 3.3.0`."""
    now = {name: installed_version(name) for name in failure.versions} | {"python": platform.python_version()}
    moved = [
        f"{name} {now[name]}, was {was}"
        for name, was in failure.versions.items()
        # A package that is gone altogether is told by the import that fails.
        if now[name] not in ("", was)
    ]
    return f"since then changed: {'; '.join(moved)}" if moved else ""


def _not_fired(failure: Failure, outcome: Outcome) -> str:
    fired = set(outcome.trace.fired)
    return "; ".join(
        str(placed) for placed in failure.plan.faults if (placed.site, placed.fault) not in fired
    )
