"""Answers the requests of another process within the run of this thread: recorded live, or replayed with faults."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from agent_chaos.containment import OnFailure
from agent_chaos.errors import GuardRefused
from agent_chaos.patch.forward import http_library, passed_on
from agent_chaos.patch.loopback.addresses import asked_s
from agent_chaos.patch.loopback.requester import loads_own_time
from agent_chaos.patch.loopback.server import Incoming
from agent_chaos.patch.transports.failures import HTTPX, abort_kind
from agent_chaos.patch.transports.transfer import Pause, Timeouts, Transfer, TransferFailed, pause
from agent_chaos.patch.transports.wire import header_fields
from agent_chaos.runtime.session import Session
from agent_chaos.stream.exchange import Abort, Data, End, Head, ReplyEvent, header, with_header

TRANSPORT = "process"
_BEARABLE_S = 1
"""The longest wait that a program is told to make in real time where a reply orders one."""
_AT_ONCE = ("retry-after-ms", "1")
"""What most SDKs obey before `retry-after` and their own back-off, which would take half a second and more."""
_PASSING = (408, 409, 429)
"""Statuses below 500 after which SDKs ask again."""
_SDKS_OBEY_S = 60.0
"""Longer ones are passed on as they are: only some SDKs obey them."""
_BACK_OFF_S = 0.5
"""What SDKs wait before they ask again where no wait is ordered."""
_LIVE_TIMEOUT_S = 600.0


class Relay:
    """Serves one run.

    Args:
        client_timeout_s: how long the program's client waits for the next bytes, in virtual seconds; None for ever.
        own_time: whether the program is known to ask for the time that it waits (`let_pass`), so that no wait need be cut; a
            program of another kind that it has started does not ask.
    """

    def __init__(self, session: Session, *, client_timeout_s: float | None, own_time: bool = False) -> None:
        self._session = session
        self.own_time = own_time
        self._cut: dict[tuple[str, bytes], float] = {}
        self.ordered_s = 0
        """The wait that the last reply ordered, where it is too long to be cut; 0 where it ordered none."""
        self._timeouts = Timeouts(read=client_timeout_s, connect=client_timeout_s, pool=client_timeout_s)

    def serve(self, incoming: Incoming) -> None:
        """Puts the whole reply into the request's events. Raises TrialStop where the run is over."""
        if self._session.replaying:
            self._replay(incoming)
        else:
            self._live(incoming)

    def let_pass(self, incoming: Incoming) -> None:
        """Lets the time pass that a program asks for, which goes on after that as if it had waited."""
        self.own_time = True
        with OnFailure(lambda error: incoming.put(_no_answer(error))):
            self._pass(asked_s(incoming.request.url))
        self.heard(incoming)

    def heard(self, incoming: Incoming) -> None:
        """Answers what a program says of itself."""
        incoming.put(Head(204), End())

    def keep_order(self) -> None:
        """Lets the wait that was ordered pass in virtual time: the program is found to keep it."""
        self._pass(self.ordered_s)

    def _pass(self, seconds: float) -> None:
        self._session.sleep_until(self._session.clock.now() + seconds, "sleep")

    def _replay(self, incoming: Incoming) -> None:
        asked = (incoming.request.url, incoming.request.body)
        port = incoming.port
        # The program was told to wait less than the reply says, and what it would have waited passes here.
        self._pass(self._cut.pop(asked, 0.0))
        self.ordered_s = 0
        try:
            # A program whose request got no answer would wait until its own timeout, in real time.
            with OnFailure(lambda error: incoming.put(_no_answer(error))):
                answered = self._session.answers_http(incoming.request, TRANSPORT)
        # The program meets a refused connection, and the tape has it: nothing is left to raise.
        except GuardRefused:
            return
        events: list[ReplyEvent] = []
        for step in Transfer(self._session, answered, self._timeouts).steps():
            if isinstance(step, Pause):
                pause(self._session, step)
            elif isinstance(step, TransferFailed):
                # The program's own clock is real and its limit has not passed, so all that it can be told is
                # that nothing more comes.
                events.append(Abort("disconnected" if step.timed_out else step.kind))
            else:
                events.append(self._bearable(step, asked, port) if isinstance(step, Head) else step)
        # Together: what a client reads at once must not depend on how busy this machine is. Of a body that cannot be
        # decompressed, Node 20 tells where it comes with the head, and else waits for ever.
        incoming.put(*events)

    def _bearable(self, head: Head, asked: tuple[str, bytes], port: int) -> Head:
        """The head, with the wait that it orders or leaves to the client cut to what a program can bear in real time."""
        if not (head.status in _PASSING or head.status >= 500) or (self.own_time and loads_own_time(port)):
            return head
        ordered, exactly = header(head.headers, "retry-after"), header(head.headers, _AT_ONCE[0])
        if any(told and not (told.isdigit() and int(told) > 0) for told in (ordered, exactly)):
            # What orders a wait in another form is there to be misread, and that nothing may hide.
            return head
        seconds = int(exactly) / 1_000 if exactly else int(ordered) if ordered else _BACK_OFF_S
        if seconds > _SDKS_OBEY_S:
            self.ordered_s = int(seconds)
            return head
        # By URL and body: the next request that is equal is the retry for which the program would have
        # waited.
        self._cut[asked] = seconds
        headers = with_header(head.headers, *_AT_ONCE)
        if ordered:
            headers = with_header(headers, "retry-after", str(min(int(ordered), _BEARABLE_S)))
        return replace(head, headers=headers)

    def _live(self, incoming: Incoming) -> None:
        """Asks the provider through this process, where the recording listens."""
        request, library = incoming.request, http_library()
        headers = passed_on(request.headers)
        try:
            with (
                library.Client(timeout=_LIVE_TIMEOUT_S) as client,
                client.stream(request.method, request.url, headers=headers, content=request.body) as response,
            ):
                incoming.put(_head(response))
                # Not decoded: the head, which goes on as it came, may say that the body is compressed.
                for chunk in response.iter_raw():
                    incoming.put(Data(chunk))
            incoming.put(End())
        except library.HTTPError as exc:
            incoming.put(Abort(abort_kind(HTTPX, exc) or "reset"))


def _head(response: Any) -> Head:
    pairs = header_fields(response.headers.raw)
    return Head(response.status_code, pairs, reason=response.reason_phrase)


def _no_answer(error: BaseException) -> Abort:
    return Abort("refused" if isinstance(error, GuardRefused) else "disconnected")
