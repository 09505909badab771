"""A request was sent again when it should have waited, or should not have been sent at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from agent_chaos.faults.family import REFUSAL
from agent_chaos.oracles.oracle import Evidence, Gravity, Severity, Undecided, Violation
from agent_chaos.oracles.reading.reissues import sent_again, told_to_wait_s, waited_s
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Call, Trace

_ADVICE = {
    "retry-after ignored": "Wait as long as the provider says (retry-after, RetryInfo) before the next attempt, or give up "
    "where that is too long.",
    "hopeless retry": "Retry only what may pass by itself (408, 409, 429, 5xx, broken connections), and give up at once on "
    "everything else.",
    "no back-off": "Wait between attempts, longer each time and with jitter.",
}
_HOPELESS = (400, 404, 413, 422)
# A client that refreshes its token sends the same request once more, and that is right.
_FRESH_KEY = (401, 403)
_BUSY = (408, 409, 429)
# Of virtual time, in which computing takes none: whatever is above it was waited for.
_AT_ONCE_S = 0.01
_LONGEST_ORDER_S = 60.0
"""Nobody has to wait longer than the SDKs do; to give up is better."""


class RetryDiscipline:
    """The same request, byte for byte, went out again before the time that the provider had asked for; after a refusal
    that no retry can change (400, 404, 413, 422, a used-up quota, `x-should-retry: false`); or twice at once after 429
    or 5xx, with no wait at all.

    One retry after 401 or 403 may carry fresh credentials, and what an SDK retries by itself, and when, is not the agent's
    doing (Anthropic's and OpenAI's wait for at most 60 s): both are left out. Sleeping beyond the budget is `termination`.
    Source: trae-agent#245, openai-python#3555, langchain-google-genai (1.5 s for 7 s), hermes-agent#26293.
    """

    name = "retry_discipline"
    headline = "A request is tried again when it must not be, or not when it should be"
    needs = Fidelity.MISS
    gravity = Gravity.WASTE
    severity: Severity = "error"
    timed = True

    def judge(self, evidence: Evidence) -> Iterable[Violation | Undecided]:
        """At most one violation of each kind."""
        seen: set[str] = set()
        for calls in sent_again(evidence):
            for about, reason, call in _found(evidence.trace, calls):
                if about not in seen:
                    seen.add(about)
                    yield Violation(
                        oracle=self.name,
                        subject=about,
                        reason=reason,
                        advice=_ADVICE[about],
                        call_seq=call.seq,
                    )


def _found(trace: Trace, calls: list[Call]) -> Iterator[tuple[str, str, Call]]:
    at_once = 0
    for before, then in pairwise(calls):
        waited = waited_s(trace, before, then)
        # A request that overlaps the one before is a second asker, no retry.
        if before.reply is None or waited is None or before.reply.status < 400:
            at_once = 0
            continue
        after, status = f"{waited:.3g} s later", before.reply.status
        told = told_to_wait_s(before.reply)
        # With room for clients that round.
        if waited < min(told, _LONGEST_ORDER_S) * 0.95 - 0.05 and not then.by_sdk:
            ordered = f"call {before.call} was answered {status} with the order to wait {told:g} s"
            yield "retry-after ignored", f"{ordered}, and was sent again {after}", then
        if (_hopeless(before) or _refused_again(calls, before)) and not then.by_sdk:
            yield (
                "hopeless retry",
                f"call {before.call} was refused with {status}, and was sent again {after}",
                then,
            )
        # Twice, not once: one immediate retry after a 5xx is what many clients do, and mostly helps.
        at_once = at_once + 1 if _busy(status) and waited < _AT_ONCE_S and not then.by_sdk else 0
        if at_once == 2:
            yield (
                "no back-off",
                f"call {before.call} was answered {status} twice, and was sent again at once each time",
                then,
            )


def _busy(status: int) -> bool:
    return status in _BUSY or status >= 500


def _refused_again(calls: list[Call], before: Call) -> bool:
    """Whether a key was refused that had been refused before: a fresh one has already been tried."""
    refused = [call for call in calls if call.fired and call.reply and call.reply.status in _FRESH_KEY]
    return before in refused[1:]


def _hopeless(call: Call) -> bool:
    """Whether the same request will never do: by its status, by what the provider says of retries, or because a fault
    refuses it for good, whose status may be that of a rate limit (a spent quota)."""
    reply = call.reply
    # With a refusal that the recording has the agent lives: a turn that starts over meets it again.
    if reply is None or reply.status in _FRESH_KEY or not call.fired:
        return False
    for_good = any(fault.family == REFUSAL for fault in call.fired)
    return reply.status in _HOPELESS or for_good or reply.header("x-should-retry") == "false"


ORACLE = RetryDiscipline()
