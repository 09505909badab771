"""The conversation of a cassette as a tree: what was asked after what, and where branches begin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from agent_chaos.cassette.model import Cassette, Exchange
from agent_chaos.providers.registry import protocols
from agent_chaos.providers.turn import Message, ModelTurn, Prompt, Text, ToolCall, ToolResult

_PREVIEW = 72


@dataclass(slots=True)
class RecordedCall:
    """A recorded call and those that continue its conversation, in the order they were recorded."""

    exchange: Exchange
    turn: ModelTurn | None
    prompt: Prompt | None
    ids: tuple[str, ...] = ()
    children: list[RecordedCall] = field(default_factory=list)


def grow(cassette: Cassette) -> list[RecordedCall]:
    """The first calls of each conversation. A call continues the one whose messages, and reply, its own begin with."""
    roots: list[RecordedCall] = []
    nodes: list[RecordedCall] = []
    for exchange in cassette.exchanges:
        node = _node(exchange)
        # The longest that fits: a call continues every one of its predecessors.
        parent = max((one for one in nodes if _continues(node, one)), key=_depth, default=None)
        (roots if parent is None else parent.children).append(node)
        nodes.append(node)
    return roots


def tree_lines(cassette: Cassette) -> Iterator[str]:
    """The tree as text: a conversation goes straight down, and only where it branches it is indented."""
    for root in grow(cassette):
        yield from _drawn(root, "")


def _drawn(node: RecordedCall, before: str) -> Iterator[str]:
    yield f"{before}{told_in_a_line(node)}"
    while len(node.children) == 1:
        node = node.children[0]
        yield f"{before}{told_in_a_line(node)}"
    for number, child in enumerate(node.children):
        last = number == len(node.children) - 1
        lines = _drawn(child, "")
        yield f"{before}{'└─ ' if last else '├─ '}{next(lines)}"
        yield from (f"{before}{'   ' if last else '│  '}{line}" for line in lines)


def told_in_a_line(node: RecordedCall) -> str:
    """A call in one line: its number, turn, and what the model said."""
    exchange, turn = node.exchange, node.turn
    said = ""
    if turn is not None and turn.tool_calls:
        said = "asks for " + ", ".join(call.name for call in turn.tool_calls)
    elif turn is not None and turn.text:
        flat = " ".join(turn.text.split())
        said = f"“{flat if len(flat) <= _PREVIEW else f'{flat[: _PREVIEW - 1]}…'}”"
    status = "" if exchange.reply.status == 200 else f"  {exchange.reply.status or 'no reply'}"
    return f"call {exchange.index}  turn {exchange.turn}{status}  {said}".rstrip()


def _node(exchange: Exchange) -> RecordedCall:
    protocol = protocols().get(exchange.protocol)
    if protocol is None:
        return RecordedCall(exchange, None, None)
    good = exchange.reply.head is not None and exchange.reply.status < 400
    turn = protocol.parse(exchange.reply) if good else None
    ids = protocol.ids(exchange.reply) if good else ()
    return RecordedCall(exchange, turn, protocol.prompt(exchange.request), ids)


def _continues(node: RecordedCall, other: RecordedCall) -> bool:
    mine, theirs = node.prompt, other.prompt
    if (
        mine is None
        or theirs is None
        or other.turn is None
        or node.exchange.protocol != other.exchange.protocol
    ):
        return False
    if mine.previous:
        return mine.previous in other.ids
    before, now = _spoken(theirs), _spoken(mine)
    if len(now) <= len(before) or now[: len(before)] != before:
        return False
    return _follows(other.turn, now[len(before)])


def _follows(turn: ModelTurn, said: tuple[str, str]) -> bool:
    """Whether a message is what a reply said: by its tool calls, or by its text where it has none."""
    role, words = said
    if role != "assistant":
        return not turn.tool_calls
    calls = [_word(call) for call in turn.tool_calls]
    # Contained, not equal: agents and SDKs put text and calls of one reply into messages in their own ways.
    return all(call in words for call in calls) if calls else turn.text.strip() in words


def _depth(node: RecordedCall) -> tuple[int, int]:
    return len(_spoken(node.prompt)) if node.prompt else 0, node.exchange.index


def _spoken(prompt: Prompt) -> list[tuple[str, str]]:
    return [(message.role, _words(message)) for message in prompt.messages if message.role != "system"]


def _words(message: Message) -> str:
    return "\n".join(_word(part) for part in message.parts if isinstance(part, Text | ToolCall | ToolResult))


def _word(part: Text | ToolCall | ToolResult) -> str:
    if isinstance(part, Text):
        return part.text
    return f"{part.id} {part.name}" if isinstance(part, ToolCall) else f"{part.call_id} {part.content}"
