"""The numbers of a run's calls: the recording's, and those in the order in which the run made them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from agent_chaos.replay.player import ServedReply
from agent_chaos.stream.exchange import Request
from agent_chaos.trace.fidelity import Fidelity

# Four digits at most, so that what is no counter cannot become a number of any size.
_AWS_ATTEMPT = re.compile(r"\battempt=(\d{1,4})\b")


@dataclass(slots=True)
class LogicalCall:
    """A logical call: its number, its latest attempt, and whether that attempt got a usable reply."""

    number: int
    attempt: int
    answered: bool


def numbered_attempt(request: Request) -> int:
    """Which attempt of its call an SDK says that this is, from 0; -1 where none says so."""
    # The header of SDKs that Stainless generates (OpenAI, Anthropic).
    said = request.header("x-stainless-retry-count", "")
    # The header may be anything: an agent's own proxy could have written it.
    if said.isdecimal():
        return int(said)
    # That of AWS's SDKs, as `attempt=2; max=3`, which count from 1.
    attempt = _AWS_ATTEMPT.search(request.header("amz-sdk-request", ""))
    return int(attempt[1]) - 1 if attempt is not None else -1


def is_retry(request: Request, *, answered: bool) -> bool:
    """Whether an identical request is a retry: as its SDK says, else by whether the last reply to it was of use.

    Of SDKs that number their attempts, one of the agent's own is a call of its own.
    """
    numbered = numbered_attempt(request)
    return numbered > 0 if numbered >= 0 else not answered


class CallNumbers:
    """Numbers the calls of one trial. `recorded` is how many the recording has."""

    def __init__(self, recorded: int) -> None:
        self._recorded = recorded
        self._calls: dict[str, LogicalCall] = {}
        self._made = 0
        self._unrecorded: dict[str, int] = {}
        self._sent: Counter[str] = Counter()

    def logical(self, exact: str, request: Request) -> LogicalCall:
        """The logical call that an attempt belongs to; `exact` is its key."""
        known = self._calls.get(exact)
        # An agent may well ask the same thing twice on purpose, once the first answer was of use.
        if known is not None and is_retry(request, answered=known.answered):
            known.attempt += 1
        else:
            known = self._calls[exact] = LogicalCall(self._made, 0, False)
            self._made += 1
        return known

    def recorded(self, served: ServedReply) -> tuple[int, int]:
        """The recording's number of a call, and how often it was sent before; others are numbered on from there."""
        known = served.fidelity.answered or served.fidelity is Fidelity.DRIFT
        if known and served.site is not None:
            return served.site.index, served.site.serving
        # By its key: an agent that asks the unrecorded again makes another attempt, not another call.
        number = self._unrecorded.setdefault(served.exact, self._recorded + len(self._unrecorded))
        self._sent[served.exact] += 1
        return number, self._sent[served.exact] - 1
