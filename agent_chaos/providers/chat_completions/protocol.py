"""A protocol of `…/chat/completions`: its turns, prompts and ids. What a host refuses and says of errors is its member's own.

The turn is the first choice; other choices are kept as they came. See `message` and `reading` for what `extra` holds.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from typing import Any

from agent_chaos.providers.chat_completions import prompt
from agent_chaos.providers.chat_completions.additions import additions, rest_of
from agent_chaos.providers.chat_completions.message import read_body, written_body
from agent_chaos.providers.chat_completions.reading import read_stream, turn_of
from agent_chaos.providers.chat_completions.tool_calls import REASONING_KEYS, shape
from agent_chaos.providers.chat_completions.writing import written_stream
from agent_chaos.providers.json_values import fields, items, loaded, text_of, without
from agent_chaos.providers.parts.frames import cut_in_part, unread, with_json, written_back
from agent_chaos.providers.parts.splicing import Comparison, spliced
from agent_chaos.providers.protocol import Deltas, WireProtocol
from agent_chaos.providers.turn import ModelTurn, Opaque, Prompt, Reasoning, Text, ToolCall
from agent_chaos.stream.exchange import Reply, Request
from agent_chaos.stream.framing.framing import Frame
from agent_chaos.stream.framing.sse import SSE


class ChatCompletions(WireProtocol, ABC):
    """What every host's protocol does alike."""

    envelope: Mapping[str, Any] = {"object": "chat.completion", "created": 0}

    url: str
    """Where its provider takes requests."""
    counts_on_request: bool
    """Whether a stream brings token counts only where `stream_options` ask for them."""

    def recognise(self, request: Request) -> bool:
        """A POST to a path that ends in `/chat/completions`."""
        return request.method.upper() == "POST" and request.path.rstrip("/").endswith("/chat/completions")

    def streaming(self, request: Request) -> bool:
        """As the body's `stream` says."""
        return fields(request.json).get("stream") is True

    def read_prompt(self, request: Request) -> Prompt:
        """The request in neutral words."""
        return prompt.prompt(request)

    def request(self, asked: Prompt) -> Request:
        """A request that asks this of the provider's own host."""
        return prompt.request_of(asked, self.url, counted=self.counts_on_request)

    def read(self, reply: Reply) -> ModelTurn:
        """The reply as a model turn."""
        if SSE.holds(reply):
            return turn_of(read_stream(SSE.frames_of(reply)))
        body = loaded(reply.body)
        return read_body(body) if isinstance(body, dict) else unread(reply)

    def render(self, turn: ModelTurn, like: Reply) -> Reply:
        """The turn as the provider would send it."""
        before = self.parse(like)
        if turn.streamed:
            return spliced(turn, like, before, written_stream, _FRAMES)
        return written_back(turn, like) or with_json(like, written_body(turn), written_body(before))

    def ids(self, reply: Reply) -> tuple[str, ...]:
        """The completion's id, those of the tool calls of every choice, and that of spoken audio."""
        bodies = (
            [loaded(one.data) for one in SSE.frames_of(reply)] if SSE.holds(reply) else [loaded(reply.body)]
        )
        found: list[str] = []
        for body in map(fields, bodies):
            found.append(text_of(body.get("id")))
            for choice in map(fields, items(body.get("choices"))):
                said = fields(choice.get("message") or choice.get("delta"))
                found += [text_of(fields(call).get("id")) for call in items(said.get("tool_calls"))]
                found.append(text_of(fields(said.get("audio")).get("id")))
        return tuple(dict.fromkeys(one for one in found if one))

    def read_deltas(self, reply: Reply) -> Deltas:
        """Text, reasoning, refusal and argument deltas, by frame; where a chunk adds to several parts, the first."""
        found = SSE.frames_of(reply) if SSE.holds(reply) else ()
        return tuple(zip((one.end for one in found), read_stream(found).deltas, strict=True))

    def cut_in_part(self, reply: Reply, part: int, chars: int) -> Reply:
        """The stream up to the first `chars` characters of a part."""
        return cut_in_part(reply, SSE, self.delta(reply), part, chars, _shortened)


def _shortened(one: Frame, chars: int) -> Any:
    """The chunk with the first part it adds to shortened, and nothing after that."""
    payload = fields(loaded(one.data))
    ours = next(choice for choice in payload["choices"] if choice.get("index", 0) == 0)
    delta = fields(ours.get("delta"))
    added = additions(delta)
    rest = rest_of(delta, added)
    match added[0].begins:
        case Text():
            cut = {"content": delta["content"][:chars]}
        case Reasoning() as thought:
            key = thought.extra.get("$key", REASONING_KEYS[0])
            cut = {key: delta[key][:chars]}
        case Opaque():
            # Opaque parts of a stream are refusals alone: everything else without a neutral meaning adds no
            # text.
            cut = {"refusal": delta["refusal"][:chars]}
        case ToolCall() as call:
            cut = _shorter_call(delta, call, chars)
    if not chars and not rest and not (isinstance(added[0].begins, ToolCall) and added[0].begins.name):
        return None
    choice = {**ours, "delta": {**rest, **cut}, "finish_reason": None}
    return {**without(payload, "usage", "obfuscation"), "choices": [choice]}


def _shorter_call(delta: dict[str, object], call: ToolCall, chars: int) -> dict[str, object]:
    if call.extra.get("$legacy"):
        whole = fields(delta["function_call"])
        return {"function_call": {**whole, "arguments": call.arguments[:chars]}}
    first = fields(items(delta["tool_calls"])[0])
    kind, given = shape(first)
    inner = {**fields(first.get(kind)), given: call.arguments[:chars]}
    return {"tool_calls": [{**first, kind: inner}]}


_FRAMES = Comparison(SSE)
