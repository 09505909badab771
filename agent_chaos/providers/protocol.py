"""The contract of a wire API: recognise, parse, render, and speak errors as the provider does.

Parsing never raises on what a server sends; what cannot be read is simply absent from the turn.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Any

from agent_chaos.providers.rules import PriorExchange, Problem
from agent_chaos.providers.specifics import Specifics
from agent_chaos.providers.turn import Delta, ErrorKind, ModelTurn, Prompt
from agent_chaos.stream.exchange import Reply, Request
from agent_chaos.stream.framing.framing import Framing
from agent_chaos.stream.framing.sse import SSE

Deltas = tuple[tuple[int, Delta | None], ...]
"""Per frame of a stream, the body offset just after it, and what it adds to which part."""


class Specificity(IntEnum):
    """How much of a request `recognise` looks at; of two protocols that know a request, the one that looks closer has it."""

    PATH = 0
    BODY = 1
    HOST = 2


class WireProtocol(ABC):
    """One wire API. Instances hold no state; each member exports one as `PROTOCOL`."""

    name: str
    """As in `anthropic_messages`."""

    vendor: str
    """The name used by `providers=` and `.for_provider`, as in `anthropic`; several protocols may share one."""

    carries: frozenset[str]
    """What the wire has beyond text, tool calls and a reason to stop; faults name what they need of it, or of `specifics`.

    `call_ids`: tool calls have ids. `tool_stop`: a stop reason of its own for tool use. `event_names`: events of a stream
    have names. `opening_event`: one begins the reply before its content. `retry_after`: a header says how long to wait.
    `filters`: a reason to stop for a refusal or a filter.
    `pauses`: a turn may pause and be gone on with. `call_fragments`: tool calls are streamed in fragments, of which the first
    alone has the id and the name. `call_indexes`: tool calls of a stream are numbered. `indexed_pieces`: pieces of several tool calls may come in turns, each with the index of
    its call. `done`: a sentinel follows the reason to stop. `completion_event`: the last event holds the whole reply again.
    `signed_text`: text for the user may carry a signature that the client must send back.
    """

    framings: tuple[Framing, ...] = (SSE,)
    """How the API frames its streams; where there are several, the first that holds a reply is the reply's."""

    specificity: Specificity = Specificity.PATH

    key_variables: tuple[str, ...] = ()
    """The environment variables that SDKs of this API read keys from."""

    modules: tuple[str, ...] = ()
    """The Python modules of the vendor's SDK, for which the extra named `vendor` is installed."""

    envelope: Mapping[str, Any] = {}
    """What an SDK asks of every whole reply besides what the model said; for replies that were never recorded."""

    specifics: Specifics = Specifics()
    """What only some providers do."""

    @abstractmethod
    def recognise(self, request: Request) -> bool:
        """Whether the request speaks this protocol, on any host (compatible servers, Azure, Vertex AI)."""

    @abstractmethod
    def streaming(self, request: Request) -> bool:
        """Whether the request asks for a stream."""

    def constrains(self, request: Request) -> bool:
        """Whether the provider, on its own host, holds the answer to a schema that the request gives: no other text can come."""
        return False

    def prompt(self, request: Request) -> Prompt:
        """The request in neutral words; read once for as long as it lives."""
        return request.derived(("prompt", self.name), lambda: self.read_prompt(request))

    @abstractmethod
    def read_prompt(self, request: Request) -> Prompt:
        """As `prompt`, which keeps what this gives."""

    @abstractmethod
    def request(self, asked: Prompt) -> Request:
        """A request that asks this of the provider's own host. Read again, it asks the same."""

    def framing(self, reply: Reply) -> Framing | None:
        """The framing of a streamed reply; None where the body is whole."""
        return reply.derived(("framing", self.name), lambda: self._framing(reply))

    def _framing(self, reply: Reply) -> Framing | None:
        return next((one for one in self.framings if one.holds(reply)), None)

    def parse(self, reply: Reply) -> ModelTurn:
        """The reply as a model turn, from a whole body or a stream, complete or not; read once for as long as it lives."""
        return reply.derived(("turn", self.name), lambda: self.read(reply))

    @abstractmethod
    def read(self, reply: Reply) -> ModelTurn:
        """As `parse`, which keeps what this gives."""

    @abstractmethod
    def render(self, turn: ModelTurn, like: Reply) -> Reply:
        """The turn as the provider would send it: status 200, streamed if `turn.streamed`, headers and pace of `like`.

        Laws: `parse(render(parse(r), r)) == parse(r)`, and the SDK reads equal objects from both. What `like` says the same
        stays as its bytes have it: frames, key order, spacing, fields that the protocol does not know.
        """

    @abstractmethod
    def ids(self, reply: Reply) -> tuple[str, ...]:
        """Every id in the body that the provider mints per reply: response, message, item and tool-call ids."""

    def delta(self, reply: Reply) -> Deltas:
        """What each frame of a stream adds; empty for a whole body."""
        return reply.derived(("delta", self.name), lambda: self.read_deltas(reply))

    @abstractmethod
    def read_deltas(self, reply: Reply) -> Deltas:
        """As `delta`, which keeps what this gives."""

    @abstractmethod
    def cut_in_part(self, reply: Reply, part: int, chars: int) -> Reply:
        """The stream up to the first `chars` characters of a part, as whole frames, then a clean end.

        The provider could have split its deltas there; a frame that crosses the cut is shortened, not broken.
        """

    @abstractmethod
    def error_reply(self, kind: ErrorKind, like: Request, *, retry_after_s: int | None = None) -> Reply:
        """The provider's HTTP error for `kind`: real status, headers and body for this request (streaming or not).

        `retry_after_s` goes where the provider puts it: a header, or `RetryInfo` in a Gemini body; None leaves it out.
        """

    @abstractmethod
    def error_frames(self, kind: ErrorKind, like: Reply) -> bytes:
        """The bytes that the provider writes into a running stream to report an error, framed as `like` is."""

    @abstractmethod
    def problems(self, request: Request, served: PriorExchange) -> Iterable[Problem]:
        """Everything in a request's conversation that the provider would refuse, after what it served before."""

    def noise(self) -> tuple[bytes, ...]:
        """Keep-alive frames seen on real streams of this protocol or its compatible hosts, each a whole frame."""
        return ()
