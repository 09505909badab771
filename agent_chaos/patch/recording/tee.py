"""One reply, noted as it passes on its way to the client. Nothing is held back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import RLock

from agent_chaos.containment import OnFailure
from agent_chaos.patch.transports.failures import RaisedFailure, abort_kind, never_left
from agent_chaos.stream.exchange import (
    CLOSED,
    Abort,
    AbortKind,
    Data,
    End,
    Head,
    Headers,
    ReplyEvent,
    Request,
)

Done = Callable[["Taken"], None]


@dataclass(frozen=True, slots=True)
class Taken:
    """A finished exchange. `closed` says that the client closed it before its end."""

    request: Request
    transport: str
    at: float
    events: tuple[ReplyEvent, ...]
    closed: bool


class Tee:
    """Collects the events of one reply and hands them on once, when it has ended. Thread-safe.

    Args:
        clock: seconds since the recording started.
        done: called with the finished exchange, from the thread in which it finished.
    """

    def __init__(self, request: Request, transport: str, clock: Callable[[], float], done: Done) -> None:
        self._request = request
        self._transport = transport
        self._clock = clock
        self._done = done
        self.at = clock()
        self._events: list[ReplyEvent] = []
        self._lock = RLock()
        self._over = False

    def head(self, status: int, headers: Headers, reason: str) -> None:
        self._note(Head(status, headers, self._since(), reason))

    def data(self, chunk: bytes) -> None:
        if chunk:
            self._note(Data(bytes(chunk), self._since()))

    def end(self) -> None:
        self._finish(End(self._since()), closed=False)

    def broke(self, kind: AbortKind, message: str) -> None:
        self._finish(Abort(kind, self._since(), message), closed=False)

    def failed(self, exc: BaseException, table: Sequence[RaisedFailure]) -> None:
        """Ends with what an exception of a stack says. Cancellation, and what is no transfer's error, is the client's closing."""
        kind = abort_kind(table, exc)
        # First: where nothing went out, what the exception's class says of transfers is not so.
        if never_left(exc):
            self.drop()
        elif kind is None:
            self.closed()
        else:
            self.broke(kind, str(exc))

    def noting(self, table: Sequence[RaisedFailure]) -> OnFailure:
        """Within it whatever is raised is told to `failed`. A cancellation too: the client reads no further then."""
        return OnFailure(lambda exc: self.failed(exc, table))

    def closed(self) -> None:
        """The client closed the reply; where it had ended before, waits at most until that was handed on."""
        # Not End: whoever replays this reply must know that its rest was never seen.
        kind: AbortKind = "incomplete" if self._events else "disconnected"
        self._finish(Abort(kind, self._since(), CLOSED), closed=True)

    def drop(self) -> None:
        """Forgets the exchange: its request never left."""
        self._over = True

    def _since(self) -> float:
        return self._clock() - self.at

    def _note(self, event: ReplyEvent) -> None:
        if not self._over:
            self._events.append(event)

    def _finish(self, last: End | Abort, *, closed: bool) -> None:
        # Held until it was handed on: the recording ends by closing every tee, and must not be over while another thread
        # hands on what it has. Re-entrant, as the user's hooks run meanwhile, in which a client may close its reply.
        with self._lock:
            if not self._over:
                self._over = True
                events = (*self._events, last)
                self._done(Taken(self._request, self._transport, self.at, events, closed))
