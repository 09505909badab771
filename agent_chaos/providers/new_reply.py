"""A reply that was never recorded: a turn in the words of a protocol, as its provider would frame and pace it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from agent_chaos.providers.json_values import compact
from agent_chaos.providers.parts.fresh_ids import fresh_id
from agent_chaos.providers.protocol import WireProtocol
from agent_chaos.providers.turn import ModelTurn, Opaque, Part, Prompt, Text, ToolCall, Usage
from agent_chaos.stream.exchange import Reply, reply

_PIECE, _GAP_S = 12, 0.02
"""Characters in a delta of a stream, and seconds between two."""
_NOT_COUNTED = Usage(1, 1)
"""For a recording that tells no tokens; some SDKs cannot do without."""
_CALL_ID = "call_4XqYtB7cVn0sJdE2hRw9"


def new_reply(
    wire: WireProtocol,
    turn: ModelTurn,
    *,
    streamed: bool,
    at: float,
    headers: Iterable[tuple[str, str]] = (),
) -> Reply:
    """The turn as a reply with status 200 that begins `at` seconds after its request, streamed in small pieces or whole."""
    kind = wire.framings[0].content_type if streamed else "application/json"
    head = (("content-type", kind), *headers)
    if not streamed:
        like = reply(200, head, [compact(dict(wire.envelope)).encode()], at=at)
        return wire.render(replace(turn, streamed=False), like)
    # In pieces, or a fault that cuts a stream would find a reply of two or three frames, as no provider sends
    # one.
    pieces = tuple(map(_in_pieces, turn.parts))
    whole = wire.render(replace(turn, streamed=True, parts=pieces), reply(200, head, [b""], at=at))
    frames = wire.framings[0].frames_of(whole)
    return reply(200, head, [frame.raw for frame in frames], at=at, gap_s=_GAP_S)


def translated(turn: ModelTurn, asked: Prompt) -> ModelTurn:
    """What a model said, as the model that is `asked` would say it: its words and tool calls.

    Thoughts, signatures and the envelope belong to the provider that made them.
    """
    said = [part for part in turn.parts if isinstance(part, Text | ToolCall)]
    parts = tuple(_said_anew(part, number) for number, part in enumerate(said))
    told = fresh_id(f"msg_{_CALL_ID}", turn.id)
    usage = turn.usage or _NOT_COUNTED
    return ModelTurn(parts=parts, stop=turn.stop, usage=usage, id=told, model=asked.model)


def _said_anew(part: Text | ToolCall, number: int) -> Part:
    if isinstance(part, Text):
        return Text(part.text)
    # Gemini's and Ollama's calls may have no id, which every other API demands of the result.
    return ToolCall(part.id or fresh_id(_CALL_ID, f"{part.name} {number}"), part.name, part.arguments)


def _in_pieces(part: Part) -> Part:
    """A part in deltas of a few characters, as models send them."""
    if isinstance(part, Opaque):
        return part
    length = len(part.arguments if isinstance(part, ToolCall) else part.text)
    return replace(part, pieces=tuple(min(_PIECE, length - at) for at in range(0, length, _PIECE)))
