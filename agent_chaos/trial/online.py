"""The online half of a run: what the recording does not answer goes to the real provider, and is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from agent_chaos.cassette.model import ToolEnd, ToolRecord
from agent_chaos.patch.forward import Forwarder
from agent_chaos.stream.exchange import Reply, Request


@dataclass(frozen=True, slots=True)
class Fetched:
    """An exchange with the real provider. `at` is virtual seconds since the run started."""

    turn: int
    at: float
    request: Request
    reply: Reply
    transport: str


@dataclass(eq=False)
class Online:
    """What a run may do for real, and what came of it.

    Args:
        forwarder: sends requests.
        known: how many exchanges the recording has; those fetched count on from there.
    """

    forwarder: Forwarder
    known: int = 0
    fetched: list[Fetched] = field(default_factory=list)
    tools: list[ToolRecord] = field(default_factory=list)

    def ask(self, request: Request, *, turn: int, at: float, transport: str, keep: bool) -> tuple[int, Reply]:
        """The real reply, and the index its exchange will have in the recording. Raises RecordError."""
        reply = self.forwarder.ask(request)
        # Before it is kept, which makes the list longer.
        index = self.known + len(self.fetched)
        if keep:
            self.fetched.append(Fetched(turn, at, request, reply, transport))
        return index, reply

    def ran(self, name: str, arguments: Any, *, turn: int, at: float, end: ToolEnd) -> int:
        """Keeps a tool call that really happened; gives its place among them."""
        index = len(self.tools)
        self.tools.append(ToolRecord(index=index, turn=turn, at=at, name=name, arguments=arguments, end=end))
        return index
