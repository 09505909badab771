"""What a cassette holds. Order is the order of recording; every index counts from 0.

Times are seconds since the recording started, on the monotonic clock. Requests and replies are already redacted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, FiniteFloat

from agent_chaos.stream.exchange import Reply, Request

FORMAT_VERSION = 1
"""Version of the file format; a reader refuses a higher one."""


class Header(BaseModel):
    """The first record of a cassette.

    `started_at` is seconds since the epoch; `seed` seeded random, uuid4 and os.urandom in the recorded run; `versions`
    are of the packages that spoke (`{"anthropic": "2.12.0"}`); `key_version` is of the match-key functions.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    scenario: str
    started_at: FiniteFloat
    seed: int = 0
    key_version: int = 0
    versions: dict[str, str] = {}
    turns: int = 0


@dataclass(frozen=True, slots=True)
class Keys:
    """Match keys of a request, as hex digests; see `cassette.keys`."""

    exact: str
    normalised: str
    lane: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """One recorded exchange. `at` is when the request left; the reply's own times count from it.

    `transport` is the HTTP stack that spoke (httpx2, httpx, aiohttp, requests); `protocol` a wire protocol's name or
    empty; `turn` the scenario turn it belongs to.
    """

    index: int
    turn: int
    at: float
    request: Request
    reply: Reply
    keys: Keys
    protocol: str = ""
    transport: str = ""


# With a space, which providers allow in no tool's name.
SERVER_SAID = "mcp "
"""How the names of records begin that hold what a server of tools said besides: `mcp initialize`, `mcp tools/list`."""


@dataclass(frozen=True, slots=True)
class ToolEnd:
    """How a tool call ended: with `result`, a JSON value, or with an exception's qualified type name and message."""

    result: Any = None
    error_type: str = ""
    error: str = ""

    @property
    def failed(self) -> bool:
        """Whether the tool raised."""
        return bool(self.error_type)

    @property
    def raised(self) -> str:
        """What was raised, as `type: message`; empty where nothing was."""
        return f"{self.error_type}: {self.error}" if self.failed else ""


RETURNED_NONE = ToolEnd()


@dataclass(frozen=True, slots=True)
class ToolRecord:
    """One recorded tool call. `arguments` is a JSON object by parameter name; `after` the index of the last exchange before.

    It took `duration_s`.
    """

    index: int
    turn: int
    at: float
    name: str
    arguments: Any
    end: ToolEnd = RETURNED_NONE
    duration_s: float = 0.0
    pure: bool = False
    after: int = -1

    @property
    def is_call(self) -> bool:
        """Whether a tool was called, rather than its server asked for something else."""
        return not self.name.startswith(SERVER_SAID)


@dataclass(frozen=True, slots=True)
class TurnMark:
    """Where a turn of the scenario starts, with the input the agent got and, once known, its answer."""

    turn: int
    at: float
    input: str
    kind: Literal["start", "end"] = "start"
    answer: str = ""


Record = Exchange | ToolRecord | TurnMark


def place_in_time(record: Record) -> tuple[float, int]:
    """What records sort by: their time, and at one instant a turn's start, its calls, its tools, and its end."""
    # Equal times are usual in what other tools recorded, which may keep none.
    match record:
        case TurnMark():
            return record.at, 0 if record.kind == "start" else 3
        case Exchange():
            return record.at, 1
        case ToolRecord():
            return record.at, 2


@dataclass(frozen=True)
class Cassette:
    """A cassette in memory. `exchanges` may load bodies lazily but behaves as a sequence; it is never mutated.

    `complete` is False where the recording was cut off and only its whole records were recovered.
    """

    header: Header
    exchanges: Sequence[Exchange] = ()
    tools: Sequence[ToolRecord] = ()
    turns: Sequence[TurnMark] = ()
    complete: bool = True
    digest: str = ""
    keys: Sequence[Keys] = field(default=(), repr=False)
    """Match keys of all exchanges, readable without their bodies."""


class Scribe(Protocol):
    """Where a recording run puts what it sees; records are on disk when the call returns."""

    def exchange(self, request: Request, reply: Reply, *, at: float, transport: str) -> None: ...

    def tool(self, record: ToolRecord) -> None: ...

    def turn(self, mark: TurnMark) -> None: ...
