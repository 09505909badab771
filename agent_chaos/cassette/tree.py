"""The conversation of a cassette as a tree: what was asked after what, and where branches begin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

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
    spoken: tuple[tuple[str, str], ...] = ()
    """Who says what in the request's messages."""
    children: list[RecordedCall] = field(default_factory=list)


def grow(cassette: Cassette) -> list[RecordedCall]:
    """The first calls of each conversation. A call continues the one whose messages, and reply, its own begin with."""
    roots: list[RecordedCall] = []
    known = _Known()
    for exchange in cassette.exchanges:
        node = _node(exchange)
        parent = known.parent_of(node)
        (roots if parent is None else parent.children).append(node)
        known.add(node)
    return roots


class _Known:
    """The calls so far, by what a later one would begin with: looked up, since every request repeats its whole history."""

    def __init__(self) -> None:
        self._by_history: dict[tuple[str, int], list[RecordedCall]] = {}
        self._by_id: dict[tuple[str, str], RecordedCall] = {}

    def add(self, node: RecordedCall) -> None:
        if node.prompt is None or node.turn is None:
            return
        protocol = node.exchange.protocol
        self._by_history.setdefault((protocol, _digests(node.spoken)[-1]), []).append(node)
        self._by_id.update(dict.fromkeys(((protocol, one) for one in node.ids), node))

    def parent_of(self, node: RecordedCall) -> RecordedCall | None:
        if node.prompt is None:
            return None
        protocol = node.exchange.protocol
        if node.prompt.previous:
            return self._by_id.get((protocol, node.prompt.previous))
        # The longest that fits, and of equals the latest: a call continues every one of its predecessors.
        for length, digest in reversed(list(enumerate(_digests(node.spoken)[:-1]))):
            for other in reversed(self._by_history.get((protocol, digest), [])):
                fits = other.spoken == node.spoken[:length]
                if fits and other.turn is not None and _follows(other.turn, node.spoken[length]):
                    return other
        return None


def _digests(spoken: Sequence[tuple[str, str]]) -> list[int]:
    """A digest of nothing, of the first message, of the first two and so on."""
    # Python's own hash, which differs from process to process: it is never kept, and what it finds is
    # compared.
    return list(accumulate(spoken, lambda digest, one: hash((digest, one)), initial=0))


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
    prompt = protocol.prompt(exchange.request)
    return RecordedCall(exchange, turn, prompt, ids, tuple(_spoken(prompt)))


def _follows(turn: ModelTurn, said: tuple[str, str]) -> bool:
    """Whether a message is what a reply said: by its tool calls, or by its text where it has none."""
    role, words = said
    if role != "assistant":
        return not turn.tool_calls
    calls = [_word(call) for call in turn.tool_calls]
    # Contained, not equal: agents and SDKs put text and calls of one reply into messages in their own ways.
    return all(call in words for call in calls) if calls else turn.text.strip() in words


def _spoken(prompt: Prompt) -> Iterator[tuple[str, str]]:
    return ((message.role, _words(message)) for message in prompt.messages if message.role != "system")


def _words(message: Message) -> str:
    return "\n".join(_word(part) for part in message.parts if isinstance(part, Text | ToolCall | ToolResult))


def _word(part: Text | ToolCall | ToolResult) -> str:
    if isinstance(part, Text):
        return part.text
    return f"{part.id} {part.name}" if isinstance(part, ToolCall) else f"{part.call_id} {part.content}"
