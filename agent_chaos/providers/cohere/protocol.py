"""Cohere's chat API, version 2 (`api.cohere.com/v2/chat`): a plan before tool calls, and events named by their type.

https://docs.cohere.com/reference/chat. Cohere's models behind Chat Completions (its compatibility API, Azure) are `openai_chat`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agent_chaos.providers.cohere import errors, prompt, rules, writing
from agent_chaos.providers.cohere.blocks import parts_of
from agent_chaos.providers.cohere.reading import StreamReading
from agent_chaos.providers.cohere.specifics import SPECIFICS
from agent_chaos.providers.cohere.stop_reasons import STOPS, read_usage
from agent_chaos.providers.json_values import JsonObject, fields, loaded, text_of, without
from agent_chaos.providers.parts.frames import cut_in_part, unread, with_json, written_back
from agent_chaos.providers.parts.splicing import Comparison, spliced
from agent_chaos.providers.protocol import Deltas, WireProtocol
from agent_chaos.providers.rules import PriorExchange, Problem
from agent_chaos.providers.turn import ErrorKind, ModelTurn, Prompt
from agent_chaos.stream.exchange import Reply, Request
from agent_chaos.stream.framing.framing import Frame
from agent_chaos.stream.framing.sse import SSE

_URL = "https://api.cohere.com/v2/chat"


class Cohere(WireProtocol):
    """`POST …/v2/chat`, on Cohere's own hosts and private deployments."""

    name = "cohere"
    vendor = "cohere"
    carries = frozenset({"call_ids", "tool_stop", "event_names", "opening_event", "retry_after", "done"})
    key_variables = ("CO_API_KEY", "COHERE_API_KEY")
    modules = ("cohere",)
    specifics = SPECIFICS

    def recognise(self, request: Request) -> bool:
        """A POST to a path that ends in `/v2/chat`."""
        return request.method.upper() == "POST" and request.path.rstrip("/").endswith("/v2/chat")

    def streaming(self, request: Request) -> bool:
        """As the body's `stream` says."""
        return fields(request.json).get("stream") is True

    def read_prompt(self, request: Request) -> Prompt:
        """The request in neutral words."""
        return prompt.prompt(request)

    def request(self, asked: Prompt) -> Request:
        return prompt.request_of(asked, _URL)

    def read(self, reply: Reply) -> ModelTurn:
        """The reply as a model turn."""
        if SSE.holds(reply):
            return StreamReading().read(SSE.frames_of(reply)).turn()
        body = loaded(reply.body)
        return _whole(body) if isinstance(body, dict) else unread(reply)

    def render(self, turn: ModelTurn, like: Reply) -> Reply:
        """The turn as the provider would send it."""
        before = self.parse(like)
        if turn.streamed:
            return spliced(turn, like, before, writing.stream, _FRAMES)
        unchanged = None if before.streamed else writing.whole(before)
        return written_back(turn, like) or with_json(like, writing.whole(turn), unchanged)

    def ids(self, reply: Reply) -> tuple[str, ...]:
        """That of the reply, and those of its tool calls."""
        turn = self.parse(reply)
        found = (turn.id, *(call.id for call in turn.tool_calls))
        return tuple(dict.fromkeys(one for one in found if one))

    def read_deltas(self, reply: Reply) -> Deltas:
        found = SSE.frames_of(reply) if SSE.holds(reply) else ()
        return tuple(zip((one.end for one in found), StreamReading().read(found).deltas, strict=True))

    def cut_in_part(self, reply: Reply, part: int, chars: int) -> Reply:
        """The stream up to the first `chars` characters of a part."""
        return cut_in_part(reply, SSE, self.delta(reply), part, chars, _shortened)

    def error_reply(self, kind: ErrorKind, like: Request, *, retry_after_s: int | None = None) -> Reply:
        return errors.error_reply(kind, like, retry_after_s)

    def error_frames(self, kind: ErrorKind, like: Reply) -> bytes:
        """The last event, with the error; nothing follows it."""
        return errors.error_frames(kind)

    def problems(self, request: Request, served: PriorExchange) -> Iterable[Problem]:
        return rules.problems(request)

    def noise(self) -> tuple[bytes, ...]:
        """A comment, as gateways before it send one to keep a connection open."""
        return (b": keep-alive\n\n",)


def _whole(body: JsonObject) -> ModelTurn:
    if isinstance(body.get("message"), str):  # an error's; a reply has an object there
        return ModelTurn(error=body)
    message, word = fields(body.get("message")), body.get("finish_reason")
    rest = without(message, "content", "tool_plan", "tool_calls")
    parts = tuple(parts_of(message))
    return ModelTurn(
        parts,
        STOPS.neutral(word, parts),
        word if isinstance(word, str) else None,
        read_usage(body.get("usage")),
        text_of(body.get("id")),
        extra={**without(body, "id", "finish_reason", "message", "usage"), "$message": rest},
    )


def _shortened(one: Frame, chars: int) -> Any:
    """The event with only the first characters of what it adds; None where it would add nothing."""
    event = fields(loaded(one.data))
    message = event["delta"]["message"]
    if not chars:
        return None
    if event["type"] == "tool-plan-delta":
        cut: JsonObject = {"tool_plan": message["tool_plan"][:chars]}
    elif event["type"] == "tool-call-delta":
        function = message["tool_calls"]["function"]
        given = {**function, "arguments": function["arguments"][:chars]}
        cut = {"tool_calls": {**message["tool_calls"], "function": given}}
    else:
        cut = {
            "content": {
                key: text[:chars] if isinstance(text, str) else text
                for key, text in message["content"].items()
            }
        }
    return {**event, "delta": {**event["delta"], "message": {**message, **cut}}}


_FRAMES = Comparison(SSE)
PROTOCOL = Cohere()
