"""The run does not end in time."""

from __future__ import annotations

from collections.abc import Iterable

from agent_chaos.oracles.oracle import Evidence, Gravity, Severity, Undecided, Violation
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Call, Trace, Wait

_ADVICE = {
    "retry-after": "Cap the wait that a retry-after header may cause, and fail once it exceeds your own deadline.",
    "transfer": "Give the client a timeout for the whole call, and the run a deadline of its own.",
    "requests": "Limit the number of model calls of a run, and stop when a reply brings nothing new.",
    "time": "Put an upper bound on every loop and every wait of the agent.",
}

_LONG_S = 60.0
"""Beyond the back-off of any SDK."""
_WORTH_COUNTING_S = 1.0
"""A wait shorter than this is not counted beside those that made a run long."""


class Termination:
    """Virtual time beyond the clean run's by more than the budget, too many requests, or no end in real time.

    Source: openai-node#1840 (a sleep of days), agent-zero#1882, pydantic-ai#4031, GenericAgent#201.
    """

    name = "termination"
    headline = "A turn has no end, or one that comes far too late"
    needs = Fidelity.PROVIDER
    gravity = Gravity.NO_END
    severity: Severity = "error"
    timed = True

    def judge(self, evidence: Evidence) -> Iterable[Violation | Undecided]:
        """At most one violation: the first limit that was passed."""
        trace, budget = evidence.trace, evidence.budget
        # A stop is told before the time that passed until then, which is only what it was stopped at.
        if stopped := trace.incidents_of("budget"):
            about = "requests" if "requests" in stopped[0].detail else "time"
            yield self._violation(about, f"the run was stopped: {stopped[0].detail}", trace)
        elif stopped := trace.incidents_of("timeout"):
            yield self._violation("time", f"the run was stopped: {stopped[0].detail}", trace)
        elif trace.virtual_s - evidence.clean.virtual_s > budget.virtual_s:
            about, who = _spent_on(trace, evidence.clean)
            more = f"{duration(trace.virtual_s)} instead of {duration(evidence.clean.virtual_s)}"
            yield self._violation(about, f"the run took {more}: {who}", trace, longest_wait(trace))

    def _violation(self, about: str, reason: str, trace: Trace, wait: Wait | None = None) -> Violation:
        asked = [call.seq for call in trace.calls if wait is None or call.seq < wait.seq]
        call_seq = asked[-1] if asked else None
        return Violation(
            oracle=self.name, subject=about, reason=reason, advice=_ADVICE[about], call_seq=call_seq
        )


def longest_wait(trace: Trace) -> Wait | None:
    """The wait that took most of a run's time, of equals the first; None where it never waited."""
    waits = [entry for entry in trace.entries if isinstance(entry, Wait)]
    return max(waits, key=lambda wait: wait.seconds, default=None)


def _spent_on(trace: Trace, clean: Trace) -> tuple[str, str]:
    """What most of the waiting beyond the clean run's was for, and in words."""
    spent, usual = _spent(trace), _spent(clean)
    if not spent:
        return "transfer", "replies were slow"
    # Less what the clean run waits for the same reason: an agent that polls for a minute without faults is
    # not slow because of them.
    (about, words), seconds = max(spent.items(), key=lambda one: sum(one[1]) - sum(usual.get(one[0], ())))
    long = [one for one in seconds if one >= _WORTH_COUNTING_S]
    times = f" in {len(long)} waits" if len(long) > 1 else ""
    return about, words.format(f"{duration(sum(seconds))}{times}")


def _spent(trace: Trace) -> dict[tuple[str, str], list[float]]:
    """The waits of a run by their cause."""
    spent: dict[tuple[str, str], list[float]] = {}
    for wait in (entry for entry in trace.entries if isinstance(entry, Wait)):
        spent.setdefault(_cause(wait, _waited_for(trace, wait)), []).append(wait.seconds)
    return spent


def _waited_for(trace: Trace, wait: Wait) -> Call | None:
    """The call that a wait was for: of those under way the latest that a fault struck, else the latest."""
    before = [call for call in trace.calls if call.seq < wait.seq]
    under_way = [call for call in before if _is_under_way(trace, call, wait)]
    struck = [call for call in under_way if call.fired]
    return next((calls[-1] for calls in (struck, under_way, before) if calls), None)


def _is_under_way(trace: Trace, call: Call, wait: Wait) -> bool:
    delivered = trace.deliveries.get(call.seq)
    return delivered is None or delivered.seq > wait.seq


def _cause(wait: Wait, before: Call | None) -> tuple[str, str]:
    """What a wait was for, and a sentence with room for how long."""
    if before is None:
        return "time", "it waited {}"
    told = before.reply.header("retry-after") if before.reply else ""
    if told and wait.why in ("sleep", "timer") and obeys(told, wait.seconds):
        return "retry-after", f"it slept {{}} because call {before.call} said retry-after: {told}"
    return "transfer", f"it waited {{}} at call {before.call}"


def obeys(told: str, seconds: float) -> bool:
    """Whether a wait is what a `retry-after` asked for; of one that is no number (a date, `inf`), any long wait is."""
    # `float` would take `inf` and `nan` for numbers, too.
    if told.replace(".", "", 1).isdigit():
        # With room for jitter, which SDKs add to what they are told.
        return abs(float(told) - seconds) < max(1.0, seconds * 0.1)
    return seconds > _LONG_S


def duration(seconds: float) -> str:
    """Seconds in the largest fitting unit: '3 s', '25 min', '2.0 h'."""
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{seconds / 3_600:.1f} h"


ORACLE = Termination()
