"""What a format of other recorders is: it tells its documents from others, and reads, and perhaps writes them.

Each format is one file beside this one that exports `FORMAT`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent_chaos.cassette.model import Cassette, Header, ToolRecord, TurnMark
from agent_chaos.stream.exchange import Reply, Request


@dataclass(frozen=True, slots=True)
class Interaction:
    """One exchange of a foreign file, not yet redacted. `at` is seconds since the first request left."""

    request: Request
    reply: Reply
    at: float = 0.0
    transport: str = ""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a foreign file holds. Only files that agent-chaos wrote have a header, tool calls and turn marks."""

    interactions: tuple[Interaction, ...]
    header: Header | None = None
    tools: tuple[ToolRecord, ...] = ()
    turns: tuple[TurnMark, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """A cassette in a foreign format. `playable` counts the exchanges that its own tools can play."""

    document: Mapping[str, Any]
    playable: int


class Unfit(Exception):
    """A document that is not what its format says; the message names the record."""


@dataclass(frozen=True, slots=True)
class RecordingFormat:
    """A format of recordings.

    Args:
        name: as its users call it.
        recognises: whether a document is of this format.
        read: its exchanges; raises Unfit.
        write: a cassette as a document, for files that end in one of `suffixes`.
    """

    name: str
    recognises: Callable[[Mapping[str, Any]], bool]
    read: Callable[[Mapping[str, Any]], Contents]
    write: Callable[[Cassette], Written] | None = None
    suffixes: tuple[str, ...] = field(default=())
