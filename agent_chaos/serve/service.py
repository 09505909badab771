"""Plays a recording to whoever connects, with the faults of a plan, over a real socket."""

from __future__ import annotations

import ssl
from collections.abc import Callable

from agent_chaos.patch.loopback.aside import aside
from agent_chaos.patch.loopback.server import Incoming, LoopbackServer
from agent_chaos.runtime import real
from agent_chaos.serve.control import controlled
from agent_chaos.serve.sessions import Sessions
from agent_chaos.stream.exchange import Reply


class Service:
    """Serves from the moment it is made until it is closed.

    Args:
        speed: how many recorded seconds pass in a real one; 0 for no wait between chunks.
        tls: the context that answers for a host, where it is to be a proxy that ends TLS.
        patience_s: real seconds that a stalled reply waits for its client to give up.
    """

    def __init__(
        self,
        sessions: Sessions,
        *,
        port: int = 0,
        speed: float = 0.0,
        tls: Callable[[str], ssl.SSLContext] | None = None,
        patience_s: float = 5.0,
    ) -> None:
        self._sessions = sessions
        self._speed = speed
        self._server = LoopbackServer(
            self._take, own=self._control, tls=tls, patience_s=patience_s, port=port
        )
        self.url = self._server.url

    def close(self) -> None:
        self._server.close()

    def _take(self, incoming: Incoming) -> None:
        reply = self._sessions.answer(incoming.request)
        if self._speed > 0:
            # The connection's thread must not wait here: it also sees whether the client is still there.
            aside(self._play, incoming, reply)
        else:
            _put(incoming, reply)

    def _control(self, incoming: Incoming) -> None:
        _put(incoming, controlled(self._sessions, incoming.request))

    def _play(self, incoming: Incoming, reply: Reply) -> None:
        """Puts each event when its time has come."""
        started = real.monotonic()
        for event in reply.events:
            # From the beginning, not from the event before: what sleeping takes too long must not add up.
            wait = event.at / self._speed - (real.monotonic() - started)
            if wait > 0:
                real.sleep(wait)
            if incoming.gone:
                return
            incoming.put(event)


def _put(incoming: Incoming, reply: Reply) -> None:
    """The whole reply at once."""
    incoming.put(*reply.events)
