"""What was said in a conversation, by whom: of a recording as of a run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict

from agent_chaos.providers.turn import Message, ModelTurn, Opaque, Part, Reasoning, Text, ToolCall, ToolResult
from agent_chaos.report.printable import one_line

Speaker = Literal["system", "user", "model", "tool", "agent"]
_SPEAKERS: dict[str, Speaker] = {"system": "system", "user": "user", "assistant": "model", "tool": "tool"}


class Spoken(BaseModel):
    """Something said. `what` is what it is in words (`asks for refund`); `text` is as it was said, and may hold anything."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    who: Speaker
    what: str
    text: str


def spoken_by_model(turn: ModelTurn) -> Iterator[Spoken]:
    """What a model said, part by part."""
    yield from (_part("model", part) for part in turn.parts)
    if turn.error is not None:
        yield Spoken(who="model", what="error", text=one_line(dict(turn.error)))


def spoken_in_message(message: Message, names: dict[str, str]) -> Iterator[Spoken]:
    """What a message of a request says, part by part; `names` are those of tools by the ids of their calls."""
    who = _SPEAKERS[message.role]
    for part in message.parts:
        if isinstance(part, ToolResult):
            name = part.name or names.get(part.call_id, "a tool")
            yield Spoken(
                who="tool", what=f"{name} {'failed' if part.is_error else 'returned'}", text=part.content
            )
        else:
            yield _part(who, part)


def _part(who: Speaker, part: Part) -> Spoken:
    match part:
        case Text():
            return Spoken(who=who, what="says" if who == "model" else "", text=part.text)
        case Reasoning():
            return Spoken(who=who, what="thinks", text=part.text)
        case ToolCall():
            return Spoken(
                who=who, what=f"asks for {part.name or 'a tool without a name'}", text=part.arguments
            )
        case Opaque():
            return Spoken(who=who, what=part.kind, text=one_line(dict(part.extra)))
