"""Passes requests on to the providers that they are meant for, and keeps what is said: for apps that are started elsewhere."""

from __future__ import annotations

import ssl
from collections.abc import Callable

from agent_chaos.cassette.model import Scribe
from agent_chaos.containment import Contained
from agent_chaos.errors import BudgetStop
from agent_chaos.patch.forward import http_library
from agent_chaos.patch.loopback.aside import aside
from agent_chaos.patch.loopback.server import Incoming, LoopbackServer
from agent_chaos.patch.recording.capture import Capture, CaptureStats
from agent_chaos.patch.recording.scope import RecordedHosts
from agent_chaos.patch.recording.tee import Tee
from agent_chaos.patch.transports.failures import HTTPX, abort_kind
from agent_chaos.patch.transports.wire import header_fields
from agent_chaos.runtime import real
from agent_chaos.stream.exchange import Abort, Data, End, Head, Headers, Request

_TRANSPORT = "process"
# Headers of the connection to here; the one to the provider gets its own.
_OWN = ("host", "content-length", "connection", "transfer-encoding")
_TIMEOUT_S = 600.0


class RecordingService:
    """Forwards from the moment it is made until it is closed. What answers for a model is kept, the rest passes.

    Args:
        scribe: gets every exchange with a model when its reply has ended.
        tls: the context that answers for a host, where it is to be a proxy that ends TLS.

    Raises:
        RecordError: there is no library to go online with.
    """

    def __init__(
        self, scribe: Scribe, *, port: int = 0, tls: Callable[[str], ssl.SSLContext] | None = None
    ) -> None:
        started = real.monotonic()
        self._capture = Capture(scribe, RecordedHosts((), ()), None, None, lambda: real.monotonic() - started)
        self._library = http_library()
        self._client = self._library.Client(timeout=_TIMEOUT_S)
        self._server = LoopbackServer(self._take, tls=tls, port=port)
        self.url = self._server.url

    def close(self) -> CaptureStats:
        """Takes no more; what is still open is kept as left by its client."""
        self._server.close()
        # Between the two: the server takes no more, and the client still reads what is under way.
        self._capture.flush()
        self._client.close()
        return self._capture.recorded

    def _take(self, incoming: Incoming) -> None:
        # The connection's thread must not wait here: it also sees whether the client is still there.
        aside(self._forward, incoming)

    def _forward(self, incoming: Incoming) -> None:
        try:
            tee = self._capture.tee(incoming.request, _TRANSPORT)
        except BudgetStop:
            incoming.put(Abort("reset"))
            return
        with Contained() as contained:
            self._pass(incoming, tee)
        if (error := contained.error) is not None:
            tee.failed(error, HTTPX)
            incoming.put(Abort(abort_kind(HTTPX, error) or "reset"))

    def _pass(self, incoming: Incoming, tee: Tee) -> None:
        request = incoming.request
        headers = self._headers(request)
        with self._client.stream(
            request.method, request.url, headers=headers, content=request.body
        ) as response:
            pairs = header_fields(response.headers.raw)
            tee.head(response.status_code, pairs, response.reason_phrase)
            incoming.put(Head(response.status_code, pairs, reason=response.reason_phrase))
            # Not decoded: the head, which goes on as it came, may say that the body is compressed.
            for chunk in response.iter_raw():
                tee.data(chunk)
                incoming.put(Data(chunk))
                # Its client has left: the provider is not asked for more, and what came is kept as left.
                if incoming.gone:
                    tee.closed()
                    return
        tee.end()
        incoming.put(End())

    def _headers(self, request: Request) -> Headers:
        kept = tuple(pair for pair in request.headers if pair[0].lower() not in _OWN)
        if not self._capture.wants_plain(request):
            return kept
        # Asked for as it is: a compressed stream cannot be cut into events as it passes.
        return (
            *(pair for pair in kept if pair[0].lower() != "accept-encoding"),
            ("accept-encoding", "identity"),
        )
