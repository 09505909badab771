"""A fault made the run much dearer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agent_chaos.oracles.oracle import Evidence, Gravity, Severity, Undecided, Violation
from agent_chaos.oracles.reading.reissues import sent_again
from agent_chaos.oracles.reading.turns import served_turn
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Call, Trace

_ADVICE = {
    "paid again": "Go on from the reply that failed instead of starting over: keep the replies that came before it.",
    "prompt": "Cap how much of an earlier failure goes into the next prompt.",
}
_GROWN_BY = 100_000
"""Characters, about 25,000 tokens."""
_RATIO = 3


class CostAmplification:
    """Replies that had arrived whole were asked for again, and cost at least as many tokens as the whole clean run; or a
    prompt grew to three times the longest of the clean run, and by over 100,000 characters.

    Tokens are the provider's own counts, of recorded replies to recorded requests only. Attempts that failed are not
    counted: a retry has to pay for those; nor are prompts that hold what a faulted tool gave. Source: instructor#2210 (15,
    450, 1,227 tokens), #2056.
    """

    name = "cost_amplification"
    headline = "Replies that had arrived are paid for again"
    needs = Fidelity.MISS
    gravity = Gravity.WASTE
    severity: Severity = "error"
    timed = False

    def judge(self, evidence: Evidence) -> Iterable[Violation | Undecided]:
        """At most one violation of each kind."""
        if not evidence.trace.fired or evidence.trace.incidents_of("timeout", "budget"):
            return
        yield from self._paid_again(evidence)
        # A faulted tool may return a long text, which belongs into the next prompt.
        if all(site.of == "call" for site, _ in evidence.trace.fired):
            yield from self._grown(evidence)

    def _paid_again(self, evidence: Evidence) -> Iterator[Violation]:
        # The first one was needed; each that follows was paid for twice.
        again = [call for calls in sent_again(evidence) for call in _bought(evidence.trace, calls)[1:]]
        spent, usual = sum(map(_tokens, again)), sum(map(_tokens, evidence.clean.calls)) if again else 0
        if again and 0 < usual <= spent:
            yield self._violation(
                "paid again",
                f"{len(again)} replies that had arrived whole were asked for again, for {spent:,} tokens; the clean run "
                f"costs {usual:,}",
                again[-1],
            )

    def _grown(self, evidence: Evidence) -> Iterator[Violation]:
        longest = max(evidence.trace.calls, key=_length, default=None)
        usual = max(map(_length, evidence.clean.calls), default=0)
        if longest is not None and _length(longest) > max(usual * _RATIO, usual + _GROWN_BY):
            yield self._violation(
                "prompt",
                f"call {longest.call} sent {_length(longest):,} bytes to the model; the longest request of the clean run "
                f"has {usual:,}",
                longest,
            )

    def _violation(self, about: str, reason: str, call: Call) -> Violation:
        return Violation(
            oracle=self.name, subject=about, reason=reason, advice=_ADVICE[about], call_seq=call.seq
        )


def _bought(trace: Trace, calls: list[Call]) -> list[Call]:
    """The calls that gave the agent a whole reply of the recording."""
    return [
        call
        for call in calls
        if call.fidelity <= Fidelity.NORMALISED
        and not call.fired
        and call.seq in trace.deliveries
        and trace.deliveries[call.seq].outcome == "complete"
    ]


def _tokens(call: Call) -> int:
    turn = served_turn(call)
    return turn.usage.input_tokens + turn.usage.output_tokens if turn and turn.usage else 0


def _length(call: Call) -> int:
    # Uploads of files have no protocol, and are no prompts.
    return len(call.request.body) if call.wire else 0


ORACLE = CostAmplification()
