"""The Anthropic Messages API (`/v1/messages`), also as served by Vertex AI, Bedrock and compatible hosts.

Where a body is not streamed, a tool call's `input` is a JSON value: arguments that are not JSON are rendered as a
string there, which `parse` reads back as the same arguments. See `stream` and `blocks` for what
`extra` holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from agent_chaos.providers.anthropic import errors, prompt, rules
from agent_chaos.providers.anthropic.blocks import TEXT_KEYS, block_of, part_of
from agent_chaos.providers.anthropic.specifics import SPECIFICS
from agent_chaos.providers.anthropic.stop_reasons import STOPS, read_usage, whole_usage
from agent_chaos.providers.anthropic.stream import FRAMINGS, StreamReading, is_ping, written_stream
from agent_chaos.providers.json_values import fields, items, loaded, text_of, without
from agent_chaos.providers.parts.aws_errors import aws_error_frames, aws_error_reply
from agent_chaos.providers.parts.frames import cut_in_part, unread, with_json, written_back
from agent_chaos.providers.parts.splicing import Comparison, spliced
from agent_chaos.providers.protocol import Deltas, WireProtocol
from agent_chaos.providers.rules import PriorExchange, Problem
from agent_chaos.providers.turn import ErrorKind, ModelTurn, Prompt
from agent_chaos.stream.exchange import Reply, Request
from agent_chaos.stream.framing.aws_chunks import AWS_CHUNKS
from agent_chaos.stream.framing.framing import Frame
from agent_chaos.stream.framing.sse import SSE


class AnthropicMessages(WireProtocol):
    """The Messages API as a wire protocol."""

    name = "anthropic_messages"
    vendor = "anthropic"
    framings = FRAMINGS
    carries = frozenset(
        {
            "call_ids",
            "tool_stop",
            "event_names",
            "opening_event",
            "retry_after",
            "filters",
            "pauses",
        }
    )
    key_variables = ("ANTHROPIC_API_KEY",)
    modules = ("anthropic",)
    specifics = SPECIFICS

    def recognise(self, request: Request) -> bool:
        """A POST to `/v1/messages` under any prefix, or to a Claude model on Vertex AI or Bedrock."""
        path = request.path.rstrip("/")
        # By the path, since gateways and compatible servers have hosts of their own.
        ours = path.endswith("/v1/messages") or prompt.VERTEX.search(path) is not None
        return request.method.upper() == "POST" and (ours or prompt.on_bedrock(request))

    def streaming(self, request: Request) -> bool:
        """As the body's `stream` says, or the path on Vertex AI and Bedrock."""
        return prompt.streaming(request)

    def read_prompt(self, request: Request) -> Prompt:
        """The request in neutral words."""
        return prompt.prompt(request)

    def request(self, asked: Prompt) -> Request:
        """A request that asks this of the provider's own host."""
        return prompt.request_of(asked)

    def read(self, reply: Reply) -> ModelTurn:
        """The reply as a model turn."""
        if framing := self.framing(reply):
            return StreamReading().read(framing.frames_of(reply)).turn()
        body = loaded(reply.body)
        return _read(body) if isinstance(body, dict) else unread(reply)

    def render(self, turn: ModelTurn, like: Reply) -> Reply:
        """The turn as the provider would send it."""
        before = self.parse(like)
        if turn.streamed:
            framing = self.framing(like) or SSE
            return spliced(
                turn, like, before, partial(written_stream, framing=framing), _FRAMES[framing.name]
            )
        return written_back(turn, like) or with_json(like, _written(turn), _written(before))

    def ids(self, reply: Reply) -> tuple[str, ...]:
        """The message id and the id of every block."""
        turn = self.parse(reply)
        blocks = [getattr(part, "id", None) or part.extra.get("id") for part in turn.parts]
        return tuple(dict.fromkeys(one for one in [turn.id, *map(text_of, blocks)] if one))

    def read_deltas(self, reply: Reply) -> Deltas:
        """Text, thinking and argument deltas, by frame."""
        framing = self.framing(reply)
        found = framing.frames_of(reply) if framing else ()
        return tuple(zip((one.end for one in found), StreamReading().read(found).deltas, strict=True))

    def cut_in_part(self, reply: Reply, part: int, chars: int) -> Reply:
        """The stream up to the first `chars` characters of a part."""
        return cut_in_part(reply, self.framing(reply) or SSE, self.delta(reply), part, chars, _shortened)

    def error_reply(self, kind: ErrorKind, like: Request, *, retry_after_s: int | None = None) -> Reply:
        """The HTTP error for a request; `retry-after` where it is asked for."""
        told = aws_error_reply if prompt.on_bedrock(like) else errors.error_reply
        return told(kind, like, retry_after_s)

    def error_frames(self, kind: ErrorKind, like: Reply) -> bytes:
        """`event: error`, after which the provider sends nothing."""
        return aws_error_frames(kind) if AWS_CHUNKS.holds(like) else errors.error_frames(kind)

    def problems(self, request: Request, served: PriorExchange) -> Iterable[Problem]:
        return rules.problems(request, served)

    def noise(self) -> tuple[bytes, ...]:
        """The provider's ping, and the comment that proxies send."""
        return b'event: ping\ndata: {"type": "ping"}\n\n', b": keep-alive\n\n"


def _read(body: dict[str, Any]) -> ModelTurn:
    content, word, error = body.get("content"), body.get("stop_reason"), body.get("error")
    named = {name: body[name] for name in _KINDS if name in body}
    extra = without(body, *_KINDS) | {k: v for k, v in named.items() if not isinstance(v, _KINDS[k])}
    # An empty list, null and no content at all are three things to a client; a turn without parts could not
    # tell them apart.
    if not content:
        extra |= {"content": content} if "content" in body else {"$content": False}
    return ModelTurn(
        tuple(part_of(block) for block in items(content)),
        STOPS.neutral(word),
        word if isinstance(word, str) else None,
        read_usage(body.get("usage")),
        text_of(body.get("id")),
        text_of(body.get("model")),
        error=error if isinstance(error, dict) else None,
        extra=extra,
    )


_KINDS: dict[str, type] = {
    "id": str,
    "model": str,
    "content": list,
    "usage": dict,
    "error": dict,
    "stop_reason": str,
}
"""The keys of a body that have a neutral name; a value of another type stays in `extra`."""


def _written(turn: ModelTurn) -> dict[str, Any]:
    extra = turn.extra or {"type": "message", "role": "assistant", "stop_sequence": None}
    body = {name: value for name, value in extra.items() if not name.startswith("$")}
    body |= {name: value for name, value in (("id", turn.id), ("model", turn.model)) if value}
    if turn.parts or ("content" not in body and turn.extra.get("$content", True)):
        body["content"] = [block_of(part) for part in turn.parts]
    if turn.error is not None:
        body |= {"error": turn.error}
    if turn.stop is not None or (turn.error is None and "stop_reason" not in body):
        body["stop_reason"] = STOPS.word(turn)
    return body | ({"usage": whole_usage(turn.usage)} if turn.usage else {})


def _shortened(one: Frame, chars: int) -> Any:
    payload = fields(loaded(one.data))
    delta = fields(payload.get("delta"))
    key = TEXT_KEYS[delta["type"]]
    return {**payload, "delta": {**delta, key: delta[key][:chars]}} if chars else None


_FRAMES = {one.name: Comparison(one, is_ping, noise=("signature", "citations")) for one in FRAMINGS}


PROTOCOL = AnthropicMessages()
