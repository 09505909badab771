"""What a run is answered with, and who answers it: the rooms above implement these for transports and wrapped tools to ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from agent_chaos.cassette.model import RETURNED_NONE, ToolEnd
from agent_chaos.stream.exchange import Reply, Request


@dataclass(frozen=True, slots=True)
class Answered:
    """What a transport is to play: the reply, and the `seq` of the call it answers."""

    reply: Reply
    call_seq: int


# A protocol, not an import: rooms below must not know `trial`, which implements it.
class Answers(Protocol):
    """Who answers a replayed run."""

    def http(self, request: Request, transport: str) -> Answered:
        """The reply to play. Raises TrialStop or GuardRefused."""
        ...

    def tool(self, name: str, arguments: Any, *, pure: bool) -> ToolAnswer:
        """What a wrapped tool does. Raises TrialStop."""
        ...

    def runs_for_real(self, name: str) -> bool:
        """Whether the recording has calls of a tool that nothing saw: then it is not ours to answer."""
        ...

    def tool_ran(self, answer: ToolAnswer, end: ToolEnd) -> ToolAnswer | None:
        """Notes how a tool that really ran ended; what the agent gets instead, where a fault strikes."""
        ...


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """Instructions for a wrapped tool: run for real, or end as `end` says."""

    name: str
    arguments: Any
    run: bool = False
    end: ToolEnd = RETURNED_NONE
    delay_s: float = 0.0


class ToolScribe(Protocol):
    """Who keeps the tool calls of a recorded run."""

    def tool_called(self, name: str, arguments: Any, *, at: float, end: ToolEnd, pure: bool) -> None: ...
