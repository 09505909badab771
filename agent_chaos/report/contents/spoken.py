"""What was said in a conversation, by whom: of a recording as of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict

from agent_chaos.providers.json_values import canonical, loaded
from agent_chaos.providers.turn import (
    Message,
    ModelTurn,
    Opaque,
    Part,
    Prompt,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
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


def spoken_in_request(prompt: Prompt) -> Iterator[Spoken]:
    """Everything that a request tells the model: system prompt, tools, messages."""
    if prompt.system:
        yield Spoken(who="system", what="system prompt", text=prompt.system)
    if prompt.tools:
        offered = "\n".join(f"{one.name}({', '.join(_parameters(one.parameters))})" for one in prompt.tools)
        yield Spoken(who="system", what="tools that may be called", text=offered)
    calls = [part for message in prompt.messages for part in message.parts if isinstance(part, ToolCall)]
    names = {call.id: call.name for call in calls}
    for message in prompt.messages:
        # Some protocols have the system prompt among the messages, and `system` holds it all the same.
        if message.role != "system" or not prompt.system:
            yield from _in_message(message, names)


def unheard(told: Iterable[Spoken], heard: set[str]) -> Iterator[Spoken]:
    """What is not among `heard`, whoever said it, and is from then on: every request repeats the whole history."""
    for one in told:
        # As it stands first: most of a long history is word for word what it was in the request before.
        if one.text in heard:
            continue
        heard.add(one.text)
        if (known := _known(one)) == one.text or known not in heard:
            heard.add(known)
            yield one


def hear(told: Iterable[Spoken], heard: set[str]) -> None:
    """Adds what is told to `heard`: it stands elsewhere already."""
    for _ in unheard(told, heard):
        pass


def _known(one: Spoken) -> str:
    """What is said: JSON without its spacing, text without its line breaks and quotes."""
    value = loaded(one.text)
    text = one.text if value is None else value
    return " ".join(text.split()) if isinstance(text, str) else canonical(text)


def _parameters(schema: object) -> list[str]:
    properties = schema.get("properties") if isinstance(schema, dict) else None
    return list(properties) if isinstance(properties, dict) else []


def _in_message(message: Message, names: dict[str, str]) -> Iterator[Spoken]:
    who = _SPEAKERS[message.role]
    for part in message.parts:
        if isinstance(part, ToolResult):
            name = part.name or names.get(part.call_id, "a tool")
            how = "failed" if part.is_error else "returned"
            yield Spoken(who="tool", what=f"{name} {how}", text=part.content)
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
