"""From evidence to a verdict. Within a trial ERROR > FAIL > INCONCLUSIVE > VACUOUS > PASS."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from agent_chaos.oracles.oracle import Undecided, Violation
from agent_chaos.trace.trace import Trace


class Verdict(StrEnum):
    """How an example ended; `words` is what people read."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    VACUOUS = "vacuous"
    NONDETERMINISTIC = "nondeterministic"
    ERROR = "error"

    @property
    def words(self) -> str:
        return {
            "pass": "PASS",
            "fail": "FAIL",
            "inconclusive": "UNDECIDED",
            "vacuous": "NOT TESTED",
            "nondeterministic": "UNSTABLE WITHOUT FAULTS",
            "error": "HARNESS ERROR",
        }[self.value]


@dataclass(frozen=True)
class Outcome:
    """One judged example. `reason` explains a verdict that is neither PASS nor FAIL: 'left the recording at call 3'."""

    verdict: Verdict
    trace: Trace
    violations: tuple[Violation, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    reason: str = ""

    @property
    def fingerprints(self) -> frozenset[str]:
        """What failed, free of ids, paths and numbers; warnings do not count."""
        return frozenset(v.fingerprint for v in self.violations if v.severity == "error")
