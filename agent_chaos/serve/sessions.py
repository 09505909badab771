"""Who is served what: each session has a cursor of its own over one cassette, and a plan."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from agent_chaos.cassette.model import Cassette
from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.faults.plan import Plan
from agent_chaos.providers.registry import recognise
from agent_chaos.replay.match import ExchangeIndex
from agent_chaos.replay.player import Player, ServedReply
from agent_chaos.stream.exchange import Reply, Request, reply

HEADER = "x-agent-chaos-session"
"""The header by which a client says which session it belongs to; without it, it is the session ''."""


@dataclass(eq=False)
class ClientSession:
    """One client's view of the recording. `calls` is what it asked, oldest first."""

    player: Player
    plan: Plan
    calls: list[dict[str, Any]] = field(default_factory=list)


class Sessions:
    """Every session of a server. Thread-safe.

    Args:
        plan: the plan of a session that was given none.
    """

    def __init__(self, cassette: Cassette, plan: Plan) -> None:
        self._index = ExchangeIndex(cassette, Redactor.from_environ(os.environ))
        self._plan = plan
        self._sessions: dict[str, ClientSession] = {}
        self._lock = Lock()

    def answer(self, request: Request) -> Reply:
        """The reply to play; where nothing was recorded, a 404 that says what is nearest."""
        protocol = recognise(request)
        # A player is a cursor, and each client's connections have threads of their own.
        with self._lock:
            session = self._session(request.header(HEADER))
            served = session.player.serve(request, protocol.name if protocol else "")
            session.calls.append(_told(request, served))
        return served.reply if served.reply is not None else _missing(request, served)

    def begin(self, name: str, plan: Plan | None = None) -> None:
        """Starts a session afresh, under a plan; without one, under the server's own."""
        with self._lock:
            self._sessions[name] = self._new(self._plan if plan is None else plan)

    def calls(self, name: str) -> dict[str, Any]:
        """What a session was served, and which faults of its plan fired."""
        with self._lock:
            session = self._session(name)
            return {"session": name, "plan": session.plan.as_dict(), "calls": list(session.calls)}

    def _session(self, name: str) -> ClientSession:
        if name not in self._sessions:
            self._sessions[name] = self._new(self._plan)
        return self._sessions[name]

    def _new(self, plan: Plan) -> ClientSession:
        return ClientSession(Player(self._index, plan), plan)


def _told(request: Request, served: ServedReply) -> dict[str, Any]:
    return {
        "method": request.method,
        "url": request.url,
        "status": served.reply.status if served.reply is not None else 404,
        "site": str(served.site) if served.site is not None else None,
        "match": served.fidelity.words,
        "difference": served.difference,
        "fired": [fault.kind for fault in served.fired],
    }


def _missing(request: Request, served: ServedReply) -> Reply:
    nearest = f"; the nearest request differs at {served.difference}" if served.difference else ""
    text = f"agent-chaos: {request.method} {request.url} was not recorded{nearest}"
    body = text.encode()
    return reply(404, [("content-type", "text/plain"), ("content-length", str(len(body)))], [body])
