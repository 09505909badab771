"""How a timed reply is played to a client: what to wait for, what to raise. Shared by the HTTP stacks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from agent_chaos.containment import OnFailure
from agent_chaos.patch.transports.failures import CONNECTING
from agent_chaos.runtime.answer import Answered
from agent_chaos.runtime.session import Session
from agent_chaos.stream.exchange import Abort, AbortKind, Data, End, Head, Reply
from agent_chaos.trace.trace import Delivered

TransferOutcome = Literal["complete", "closed", "aborted", "timeout", "open"]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """A client's own limits in seconds, None for no limit."""

    connect: float | None = None
    read: float | None = None
    write: float | None = None
    pool: float | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait until virtual second `until`, counted from the start of the trial."""

    until: float


@dataclass(frozen=True, slots=True)
class TransferFailed:
    """The transfer breaks: raise the stack's exception for `kind`."""

    kind: AbortKind
    message: str
    timed_out: bool = False


TransferAction = Pause | Head | Data | End | TransferFailed


class Transfer:
    """Plays one answered call, step by step, and notes on the tape how it ended. `reply` stands for the answer's own."""

    def __init__(
        self, session: Session, answered: Answered, timeouts: Timeouts, *, reply: Reply | None = None
    ) -> None:
        self._session = session
        self._answered = answered
        self.reply = reply or answered.reply
        self._timeouts = timeouts
        # When the answer was given, from which all times of the reply count.
        self._start = session.clock.now()
        self._read = 0
        self._noted = False

    def steps(self) -> Iterator[TransferAction]:
        """Pauses and events in order; a gap longer than the client's timeout ends in `TransferFailed`."""
        for event in self.reply.events:
            late = self._start + event.at - self._session.clock.now()
            limit = self._limit(event)
            # From event to event, not for the reply as a whole: a read timeout starts anew with each piece,
            # on sockets as here.
            if limit is not None and late > limit:
                # The client waits for as long as it is willing to, and gives up then.
                yield Pause(self._session.clock.now() + limit)
                yield self._failed(_timeout_kind(event), "", "timeout")
                return
            if late > 0:
                yield Pause(self._start + event.at)
            if isinstance(event, Abort):
                yield self._failed(event.kind, event.message, "aborted")
                return
            if isinstance(event, Data):
                self._read += len(event.data)
            if isinstance(event, End):
                self.note("complete")
            yield event

    def awaited(self) -> OnFailure:
        """Within it the client waits for the reply; where it is stopped meanwhile, it has closed the transfer."""
        return OnFailure(lambda _: self.note("closed"))

    def waits(self, seconds: float | None) -> None:
        """From now on the client waits that long for the next bytes."""
        self._timeouts = replace(self._timeouts, read=seconds)

    def received(self, size: int) -> None:
        """Counts body bytes for a stack that plays the events itself."""
        self._read += size

    def note(self, outcome: TransferOutcome, error: str = "") -> None:
        """Writes how the transfer ended, once."""
        # After the run its trace has been taken: a client that closes late would write behind it.
        if self._noted or self._session.finished:
            return
        self._noted = True
        now, call_seq, read = self._session.clock.now(), self._answered.call_seq, self._read
        self._session.tape.write(lambda seq: Delivered(seq, call_seq, now, outcome, read, error))

    def _limit(self, event: Head | Data | End | Abort) -> float | None:
        if isinstance(event, Abort) and event.kind == "pool_timeout":
            return self._timeouts.pool
        if isinstance(event, Abort) and event.kind in CONNECTING:
            return self._timeouts.connect
        return self._timeouts.read

    def _failed(self, kind: AbortKind, message: str, outcome: TransferOutcome) -> TransferFailed:
        timed_out = outcome == "timeout" or kind.endswith("_timeout")
        self.note("timeout" if timed_out else outcome, kind)
        return TransferFailed(kind, message, timed_out)


def _timeout_kind(event: Head | Data | End | Abort) -> AbortKind:
    if isinstance(event, Abort) and event.kind in CONNECTING:
        return "pool_timeout" if event.kind == "pool_timeout" else "connect_timeout"
    return "read_timeout"


def pause(session: Session, step: Pause) -> None:
    """Waits in a thread, on the virtual clock."""
    session.sleep_until(step.until, "transfer")
