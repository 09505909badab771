"""What models say and are asked, in words that all protocols share: turns, parts, prompts.

Everything is lenient in the way the SDKs are: unknown blocks, events and fields are kept in `extra` and rendered back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

RawFields = Mapping[str, Any]
"""A JSON object of the protocol's own fields that have no neutral name."""

StopReason = Literal["end", "tool_use", "length", "filter", "pause", "other"]
"""Why a model stopped, in neutral words; `length` is a token limit, `filter` a refusal or safety stop."""

ErrorKind = Literal[
    "rate_limit",
    "server_error",
    "overloaded",
    "auth",
    "permission",
    "not_found",
    "context_length",
    "invalid_request",
    "timeout",
    "quota",
    "payment",
    "request_timeout",
    "conflict",
    "too_large",
    "unprocessable",
]
"""Errors every provider has in some form; each protocol holds status, headers and body for each."""


@dataclass(frozen=True, slots=True)
class Text:
    """Text the model says to the user."""

    text: str
    extra: RawFields = field(default_factory=dict)
    # Not compared: how a text was cut into deltas is no part of what was said, and a rendered reply may be
    # cut otherwise.
    pieces: tuple[int, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Reasoning:
    """Text the model thinks; signatures live in `extra`."""

    text: str
    extra: RawFields = field(default_factory=dict)
    pieces: tuple[int, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function call the model asks for.

    `arguments` is the raw argument text as sent, which need not be JSON; where the wire carries an object (Anthropic
    and Gemini without streaming) it is that object as compact JSON. `id` is empty where the wire has none. `pieces`
    are the lengths, in characters, of the deltas it arrived in.
    """

    id: str
    name: str
    arguments: str
    extra: RawFields = field(default_factory=dict)
    pieces: tuple[int, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Opaque:
    """A block without a neutral meaning (server tools, images, blocks from the future), kept whole in `extra`."""

    kind: str
    extra: RawFields = field(default_factory=dict)


Part = Text | Reasoning | ToolCall | Opaque


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider counted them; `extra` holds its finer counts."""

    input_tokens: int = 0
    output_tokens: int = 0
    extra: RawFields = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelTurn:
    """One reply of a model, whatever the protocol and whether it was streamed.

    `stop` is the neutral reason, None where none was sent; `stop_raw` is the provider's word and wins when rendering,
    unless `stop` was changed. `complete` says whether the protocol's own terminator arrived (a whole JSON body,
    `message_stop`, a finish reason, `response.completed`…). `error` is an error object delivered in the body, with
    any status. `extra` is the rest of the envelope.
    """

    parts: tuple[Part, ...] = ()
    stop: StopReason | None = None
    stop_raw: str | None = None
    usage: Usage | None = None
    id: str = ""
    model: str = ""
    complete: bool = True
    error: RawFields | None = None
    streamed: bool = False
    extra: RawFields = field(default_factory=dict)

    @property
    def text(self) -> str:
        """All text said to the user, joined."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        return tuple(part for part in self.parts if isinstance(part, ToolCall))

    def with_part(self, index: int, part: Part) -> ModelTurn:
        """The turn with another part at `index`."""
        return replace(self, parts=(*self.parts[:index], part, *self.parts[index + 1 :]))

    def with_stop(self, stop: StopReason) -> ModelTurn:
        """The turn with another reason to stop, in the provider's own default word for it."""
        return replace(self, stop=stop, stop_raw=None)


@dataclass(frozen=True, slots=True)
class ToolResult:
    """A tool's result as the agent reports it to the model; `content` is text or compact JSON."""

    call_id: str
    name: str
    content: str
    is_error: bool = False
    extra: RawFields = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a request."""

    role: Literal["system", "user", "assistant", "tool"]
    parts: tuple[Part | ToolResult, ...]


def system_texts(messages: Iterable[Message]) -> list[str]:
    """The texts of system messages, in order."""
    return [
        part.text for one in messages if one.role == "system" for part in one.parts if isinstance(part, Text)
    ]


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool the request offers, with the JSON schema of its arguments."""

    name: str
    parameters: RawFields = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request in neutral words.

    `previous` names server-side state that the request continues, or is empty; `forced` names the one tool that the model
    must call, which is how structured output is asked for, or is empty.
    """

    model: str
    system: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...]
    stream: bool
    previous: str = ""
    forced: str = ""


@dataclass(frozen=True, slots=True)
class Delta:
    """What one stream frame adds to a part: `part` counts from 0 in order of appearance."""

    part: int
    text: str
