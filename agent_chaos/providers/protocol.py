"""The contract of a wire API: recognise, parse, render, and speak errors as the provider does.

Everything is lenient in the way the SDKs are: unknown blocks, events and fields are kept in `extra` and rendered back.
Parsing never raises on what a server sends; what cannot be read is simply absent from the turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from typing import Protocol as Contract

from agent_chaos.providers.rules import PriorExchange, Problem
from agent_chaos.stream.exchange import Reply, Request

RawFields = Mapping[str, Any]
"""A JSON object of the protocol's own fields that have no neutral name."""

Stop = Literal["end", "tool_use", "length", "filter", "pause", "other"]
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
    stop: Stop | None = None
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

    def with_stop(self, stop: Stop) -> ModelTurn:
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


class WireProtocol(Contract):
    """One wire API. Instances hold no state; each member module exports one as `PROTOCOL`."""

    name: str
    """As in `anthropic_messages`."""

    vendor: str
    """The name used by `providers=` and `.for_provider`: anthropic, openai or gemini."""

    carries: frozenset[str]
    """What the wire has beyond text, tool calls and a reason to stop; faults name what they need of it.

    `call_ids`: tool calls have ids. `tool_stop`: a stop reason of its own for tool use. `event_names`: events of a stream
    have names. `opening_event`: one begins the reply before its content. `retry_after`: a header says how long to wait.
    `server_state`: a request may go on from what the provider keeps. `pauses`: a turn may pause and be gone on with.
    `signatures`: reasoning is signed. `blocks`: content comes in typed blocks.
    """

    def __hash__(self) -> int: ...

    def recognise(self, request: Request) -> bool:
        """Whether the request speaks this protocol, on any host (compatible servers, Azure, Vertex AI)."""
        ...

    def streaming(self, request: Request) -> bool:
        """Whether the request asks for an event stream."""
        ...

    def prompt(self, request: Request) -> Prompt:
        """The request in neutral words."""
        ...

    def parse(self, reply: Reply) -> ModelTurn:
        """The reply as a model turn, from a whole body or an event stream, complete or not."""
        ...

    def render(self, turn: ModelTurn, like: Reply) -> Reply:
        """The turn as the provider would send it: status 200, streamed if `turn.streamed`, headers and pace of `like`.

        Law: `parse(render(parse(r), r)) == parse(r)`, and the SDK reads equal objects from both. Leading frames of
        `like` that say the same are kept byte for byte.
        """
        ...

    def ids(self, reply: Reply) -> tuple[str, ...]:
        """Every id in the body that the provider mints per reply: response, message, item and tool-call ids."""
        ...

    def delta(self, reply: Reply) -> tuple[tuple[int, Delta | None], ...]:
        """For an event stream: per frame, the body offset just after it, and what it adds to which part."""
        ...

    def cut_in_part(self, reply: Reply, part: int, chars: int) -> Reply:
        """The event stream up to the first `chars` characters of a part, as whole frames, then a clean end.

        The provider could have split its deltas there; a frame that crosses the cut is shortened, not broken.
        """
        ...

    def error_reply(self, kind: ErrorKind, like: Request, *, retry_after_s: int | None = None) -> Reply:
        """The provider's HTTP error for `kind`: real status, headers and body for this request (streaming or not).

        `retry_after_s` goes where the provider puts it: a header, or `RetryInfo` in a Gemini body; None leaves it out.
        """
        ...

    def error_frames(self, kind: ErrorKind) -> bytes:
        """The bytes that the provider writes into a running event stream to report an error."""
        ...

    def problems(self, request: Request, served: PriorExchange) -> Iterable[Problem]:
        """Everything in a request's conversation that the provider would refuse, after what it served before."""
        ...

    def noise(self) -> tuple[bytes, ...]:
        """Keep-alive frames seen on real streams of this protocol or its compatible hosts, each a whole frame."""
        ...
