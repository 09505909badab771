"""A few faults made many requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agent_chaos.oracles.oracle import Evidence, Gravity, Severity, Undecided, Violation
from agent_chaos.oracles.reading.reissues import sent_again
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Call

_ADVICE = {
    "retries within retries": "Retry in one layer only: give the SDK max_retries=0 where the agent retries, or leave it to "
    "the SDK.",
    "requests": "Ask again for the one reply that failed, a bounded number of times, and keep the replies that are good.",
}
_LAYERED = 9
"""Requests for one reply: three attempts of an SDK within three of the agent."""
_PER_FAULT = 3
_EXTRA = 6
_RATIO = 3


class Amplification:
    """One reply was asked for nine times or more by an SDK's retries within the agent's own; or the run made three times
    the requests of the clean one, over six more, and over three for each fault that struck.

    Only requests that the recording knows are counted: what a model is asked in other words gets stale answers, and
    loops on those would be the harness's own. Runs that never end are `termination`'s. Source: litellm#2620,
    hermes-agent#26293, humux#77.
    """

    name = "amplification"
    headline = "Retries within retries multiply the requests"
    needs = Fidelity.MISS
    gravity = Gravity.WASTE
    severity: Severity = "error"
    timed = False

    def judge(self, evidence: Evidence) -> Iterable[Violation | Undecided]:
        """At most one violation of each kind."""
        if not evidence.trace.fired or evidence.trace.incidents_of("timeout", "budget"):
            return
        # Neither kind can hold below this, and to group a run's requests hashes every body.
        if len(evidence.trace.calls) < len(evidence.clean.calls) + _EXTRA:
            return
        yield from self._layers(evidence)
        yield from self._requests(evidence)

    def _layers(self, evidence: Evidence) -> Iterator[Violation]:
        for calls in sent_again(evidence):
            # The SDK's own retries are within what its user set; it is the agent's loop around them that
            # multiplies.
            rounds = sum(not call.by_sdk for call in calls)
            if len(calls) >= _LAYERED and rounds > 1 and len(calls) >= 2 * rounds:
                said = f"call {calls[0].call} was sent {len(calls)} times: {rounds} attempts of the agent, each retried by the SDK"
                yield self._violation("retries within retries", said, calls[-1])
                return

    def _requests(self, evidence: Evidence) -> Iterator[Violation]:
        # Not the requests that were guessed an answer: a stale one makes agents ask again, which is replay's
        # doing.
        known = [call for call in evidence.trace.calls if call.fidelity <= Fidelity.NORMALISED]
        usual, struck = len(evidence.clean.calls), len(evidence.trace.fired)
        extra = len(known) - usual
        if extra >= _EXTRA and extra > _PER_FAULT * struck and len(known) >= _RATIO * usual:
            faults = "1 fault" if struck == 1 else f"{struck} faults"
            yield self._violation(
                "requests", f"{faults} made the run send {len(known)} requests instead of {usual}", known[-1]
            )

    def _violation(self, about: str, reason: str, call: Call) -> Violation:
        return Violation(
            oracle=self.name, subject=about, reason=reason, advice=_ADVICE[about], call_seq=call.seq
        )


ORACLE = Amplification()
