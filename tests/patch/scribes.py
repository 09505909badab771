"""A scribe that keeps everything in memory."""

from __future__ import annotations

from agent_chaos.cassette.model import ToolRecord, TurnMark
from agent_chaos.stream.exchange import Reply, Request

Kept = tuple[Request, Reply, float, str]


class MemoryScribe:
    def __init__(self) -> None:
        self.exchanges: list[Kept] = []

    def exchange(self, request: Request, reply: Reply, *, at: float, transport: str) -> None:
        self.exchanges.append((request, reply, at, transport))

    def tool(self, record: ToolRecord) -> None:
        """Not of interest here."""

    def turn(self, mark: TurnMark) -> None:
        """Not of interest here."""

    @property
    def replies(self) -> list[Reply]:
        return [reply for _, reply, _, _ in self.exchanges]
