"""A recording as its page shows it: the conversation in order, its tree, and each call down to the chunks of its reply."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent_chaos.cassette.model import Cassette, Exchange, Record, ToolRecord, TurnMark, place_in_time
from agent_chaos.cassette.summary import CallLine, call_line, said
from agent_chaos.cassette.tree import RecordedCall, grow, told_in_a_line
from agent_chaos.providers.registry import protocols
from agent_chaos.report.contents.spoken import Spoken, hear, spoken_by_model, spoken_in_request, unheard
from agent_chaos.report.printable import bytes_as_text, call_text, one_line
from agent_chaos.stream.exchange import Abort, Data, Head

CALLS_ON_A_PAGE = 200
"""Of longer recordings a page shows so many calls."""
CHUNKS_SHOWN = 1000
"""Of longer replies so many chunks are shown."""
_DRAWN = 1000
"""Of more calls than that no tree is drawn: nobody reads it."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One thing that was recorded: a turn's input or answer, a call, or a tool's call.

    `told` is what a call's request says for the first time in the recording, `spoken` what was said to the agent or by it.
    """

    at: float
    turn: int
    spoken: tuple[Spoken, ...]
    told: tuple[Spoken, ...] = ()
    call: CallLine | None = None


@dataclass(frozen=True, slots=True)
class TreeRow:
    """A call in the tree of a conversation, `depth` branches deep."""

    depth: int
    call: int
    words: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """A step of a reply: what came, so many seconds after the request, `gap` after the step before; with `start` and `width` in
    hundredths of the reply.
    """

    at: float
    gap: float
    what: str
    size: int
    text: str
    start: float
    width: float


def scenes(cassette: Cassette, first: int = 0) -> list[Scene]:
    """What happened from call `first` on, in order, with at most `CALLS_ON_A_PAGE` calls."""
    shown = range(first, first + CALLS_ON_A_PAGE)
    from_at, until = _bounds(cassette.exchanges, shown)
    records: list[Record] = [*cassette.turns, *cassette.exchanges, *cassette.tools]
    heard: set[str] = set()
    # What the calls before said stands in the history of the last of them, and is not told again.
    for before in cassette.exchanges[first - 1 : first] if first else ():
        hear([*requested(before), *replied(before)], heard)
    shown_here = (one for one in records if from_at <= one.at < until)
    return [_scene(one, heard) for one in sorted(shown_here, key=place_in_time)]


def tree_rows(cassette: Cassette) -> list[TreeRow]:
    """The calls as a tree: a conversation goes straight down, and only where it branches it is indented."""
    return list(_drawn(grow(cassette), 0)) if len(cassette.exchanges) <= _DRAWN else []


def requested(exchange: Exchange) -> list[Spoken]:
    """Everything that a request says, as a conversation; empty where no protocol is spoken."""
    protocol = protocols().get(exchange.protocol)
    return list(spoken_in_request(protocol.prompt(exchange.request))) if protocol is not None else []


def replied(exchange: Exchange) -> list[Spoken]:
    """Everything that the reply says."""
    turn = said(exchange)
    return list(spoken_by_model(turn)) if turn is not None else []


def chunks(exchange: Exchange) -> list[Chunk]:
    """The reply as it arrived, step by step."""
    reply, before = exchange.reply, 0.0
    # A reply that came at once has no width; 1 keeps the division whole.
    whole, found = reply.duration or 1.0, []
    for event in reply.events[:CHUNKS_SHOWN]:
        what, data = "ends", b""
        match event:
            case Head():
                what = f"status {event.status} {event.reason}".rstrip()
            case Data():
                what, data = "", event.data
            case Abort():
                what = f"broke: {event.kind}: {event.message}".removesuffix(": ")
        place = round(100 * before / whole, 4), round(100 * (event.at - before) / whole, 4)
        text = bytes_as_text(data).rstrip("\r\n")
        found.append(Chunk(event.at, event.at - before, what, len(data), text, *place))
        before = event.at
    return found


def _bounds(exchanges: Sequence[Exchange], shown: range) -> tuple[float, float]:
    """The times between which everything is on a page: from its first call to that of the next one."""
    from_at = exchanges[shown.start].at if 0 < shown.start < len(exchanges) else 0.0
    return from_at, exchanges[shown.stop].at if shown.stop < len(exchanges) else float("inf")


def _scene(record: Record, heard: set[str]) -> Scene:
    match record:
        case TurnMark(kind="start"):
            told = [Spoken(who="user", what=f"turn {record.turn}", text=record.input)]
        case TurnMark():
            told = [Spoken(who="agent", what="answer", text=record.answer)]
        case ToolRecord():
            told = [_tool(record)]
        case Exchange():
            told = replied(record)
            new = tuple(unheard(requested(record), heard))
            hear(told, heard)
            return Scene(record.at, record.turn, tuple(told), new, call_line(record))
    hear(told, heard)
    return Scene(record.at, record.turn, tuple(told))


def _tool(record: ToolRecord) -> Spoken:
    call = call_text(record.name, record.arguments) if record.is_call else record.name
    outcome = f"raised {record.end.raised}" if record.end.failed else one_line(record.end.result)
    return Spoken(who="tool", what=call, text=outcome)


def _drawn(nodes: list[RecordedCall], depth: int) -> Iterator[TreeRow]:
    for root in nodes:
        node = root
        yield _tree_row(node, depth)
        while len(node.children) == 1:
            node = node.children[0]
            yield _tree_row(node, depth)
        yield from _drawn(node.children, depth + 1)


def _tree_row(node: RecordedCall, depth: int) -> TreeRow:
    return TreeRow(depth, node.exchange.index, told_in_a_line(node))
