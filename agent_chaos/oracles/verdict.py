"""The one verdict of a run: `run`, `replay`, `fuzz`, `shrink`, exported tests and stored failures all judge with `decide`.

Within a run HARNESS ERROR > FAIL > UNDECIDED > NOT TESTED > PASS.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from agent_chaos.errors import ExitCode
from agent_chaos.oracles.oracle import Undecided, Violation
from agent_chaos.trace.trace import Trace


class Verdict(StrEnum):
    """How a run ended, by the same name in code, JSON and text."""

    PASS = "PASS"
    FAIL = "FAIL"
    UNDECIDED = "UNDECIDED"
    """After a fault the agent asked something that was never recorded, so nobody knows what the model would have said."""
    NOT_TESTED = "NOT TESTED"
    """No fault fired, though some were to."""
    UNSTABLE = "UNSTABLE"
    """Two runs without faults differ."""
    HARNESS_ERROR = "HARNESS ERROR"
    """agent-chaos, or a file that it reads, is broken; the agent was not judged."""

    @property
    def exit_code(self) -> ExitCode:
        """What a command that ran this alone tells the shell."""
        return _EXIT_CODES[self]


_EXIT_CODES = {
    Verdict.PASS: ExitCode.OK,
    Verdict.FAIL: ExitCode.FAILED,
    Verdict.UNDECIDED: ExitCode.NOTHING_JUDGED,
    Verdict.NOT_TESTED: ExitCode.NOTHING_JUDGED,
    Verdict.UNSTABLE: ExitCode.UNSTABLE,
    Verdict.HARNESS_ERROR: ExitCode.BROKEN,
}


@dataclass(frozen=True)
class Outcome:
    """One judged run.

    `rule` names what decided: an oracle (`request_validity`), an assertion (`assertion: max_llm_calls`), `recording`,
    `faults` or `harness`; it is empty for a PASS, to which every rule has agreed. `reason` explains the verdict; of a PASS
    it says how far the run could be judged where that is not to its end.
    """

    verdict: Verdict
    trace: Trace
    violations: tuple[Violation, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    rule: str = ""
    reason: str = ""

    @property
    def errors(self) -> tuple[Violation, ...]:
        """The violations that make it FAIL; warnings do not."""
        return tuple(one for one in self.violations if one.severity == "error")

    @property
    def fingerprints(self) -> frozenset[str]:
        """What failed, free of ids, paths and numbers; warnings do not count."""
        return frozenset(one.fingerprint for one in self.errors)


def decide(
    trace: Trace,
    violations: Sequence[Violation] = (),
    undecided: Sequence[Undecided] = (),
    *,
    broken: str = "",
    unjudged: str = "",
    not_tested: str = "",
    judged_to: str = "",
) -> Outcome:
    """The verdict of a run, and the rule that decided it.

    Args:
        broken: why the run is worthless whatever was found in it; empty where it is sound.
        unjudged: which oracles failed, so that nothing but what others found can be said; empty where none did.
        not_tested: why no fault struck, where some were to.
        judged_to: how far a run that nobody objects to could be judged; empty where that is to its end.
    """
    found, unclear = tuple(violations), tuple(undecided)
    errors = [one for one in found if one.severity == "error"]
    if broken:
        return Outcome(Verdict.HARNESS_ERROR, trace, rule="harness", reason=broken)
    if errors:
        # Before what is undecided: a finding rests on replies that were faithful enough, whatever nobody can
        # know of the rest.
        reason = "; ".join(one.reason for one in errors)
        return Outcome(Verdict.FAIL, trace, found, unclear, errors[0].rule, reason)
    if unjudged:
        return Outcome(Verdict.HARNESS_ERROR, trace, found, unclear, "harness", unjudged)
    if unclear:
        return Outcome(Verdict.UNDECIDED, trace, found, unclear, unclear[0].oracle, unclear[0].reason)
    if not_tested:
        return Outcome(Verdict.NOT_TESTED, trace, found, rule="faults", reason=not_tested)
    return Outcome(Verdict.PASS, trace, found, reason=judged_to)
