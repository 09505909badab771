"""OpenAI Chat Completions (`…/chat/completions`), also as served by Azure and the many compatible hosts.

The turn is the first choice; other choices are kept as they came. See `chat_message` and `chat_reading` for what
`extra` holds.
"""

from __future__ import annotations

from collections.abc import Iterable

from agent_chaos.providers.frames import (
    cut_in_part,
    is_stream,
    json_frame,
    splice,
    unread,
    with_json,
    written_back,
)
from agent_chaos.providers.json_values import canonical, fields, items, loaded, text_of, without
from agent_chaos.providers.openai_chat import errors, prompt, rules
from agent_chaos.providers.openai_chat.additions import additions, rest_of
from agent_chaos.providers.openai_chat.message import read_body, written_body
from agent_chaos.providers.openai_chat.reading import read_stream, turn_of
from agent_chaos.providers.openai_chat.stop_reasons import REASONING_KEYS, shape
from agent_chaos.providers.openai_chat.writing import written_stream
from agent_chaos.providers.protocol import (
    Delta,
    ErrorKind,
    ModelTurn,
    Opaque,
    Prompt,
    Reasoning,
    Text,
    ToolCall,
)
from agent_chaos.providers.rules import PriorExchange, Problem
from agent_chaos.stream.exchange import Reply, Request
from agent_chaos.stream.sse import Frame, frames, newline_of


class OpenAIChat:
    """Chat Completions as a wire protocol."""

    name = "openai_chat"
    vendor = "openai"
    carries = frozenset({"call_ids", "tool_stop", "opening_event", "retry_after"})

    def recognise(self, request: Request) -> bool:
        """A POST to a path that ends in `/chat/completions`, on any host."""
        return request.method.upper() == "POST" and request.path.rstrip("/").endswith("/chat/completions")

    def streaming(self, request: Request) -> bool:
        """As the body's `stream` says."""
        return fields(request.json).get("stream") is True

    def prompt(self, request: Request) -> Prompt:
        """The request in neutral words."""
        return prompt.prompt(request)

    def parse(self, reply: Reply) -> ModelTurn:
        """The reply as a model turn."""
        if is_stream(reply):
            return turn_of(read_stream(frames(reply.body)))
        body = loaded(reply.body)
        return read_body(body) if isinstance(body, dict) else unread(reply)

    def render(self, turn: ModelTurn, like: Reply) -> Reply:
        """The turn as the provider would send it."""
        if turn.streamed:
            return splice(like, written_stream(turn, newline_of(like.body)), _same)
        return written_back(turn, like) or with_json(like, written_body(turn))

    def ids(self, reply: Reply) -> tuple[str, ...]:
        """The completion's id, those of the tool calls of every choice, and that of spoken audio."""
        bodies = (
            [loaded(one.data) for one in frames(reply.body)] if is_stream(reply) else [loaded(reply.body)]
        )
        found: list[str] = []
        for body in map(fields, bodies):
            found.append(text_of(body.get("id")))
            for choice in map(fields, items(body.get("choices"))):
                said = fields(choice.get("message") or choice.get("delta"))
                found += [text_of(fields(call).get("id")) for call in items(said.get("tool_calls"))]
                found.append(text_of(fields(said.get("audio")).get("id")))
        return tuple(dict.fromkeys(one for one in found if one))

    def delta(self, reply: Reply) -> tuple[tuple[int, Delta | None], ...]:
        """Text, reasoning, refusal and argument deltas, by frame; where a chunk adds to several parts, the first."""
        found = frames(reply.body)
        return tuple(zip((one.end for one in found), read_stream(found).deltas, strict=True))

    def cut_in_part(self, reply: Reply, part: int, chars: int) -> Reply:
        """The stream up to the first `chars` characters of a part."""
        return cut_in_part(reply, self.delta(reply), part, chars, _shortened)

    def error_reply(self, kind: ErrorKind, like: Request, *, retry_after_s: int | None = None) -> Reply:
        """The HTTP error for a request; `retry-after` (and `-ms`) where it is asked for."""
        return errors.error_reply(kind, like, retry_after_s)

    def error_frames(self, kind: ErrorKind) -> bytes:
        """An error chunk, then `[DONE]`."""
        return errors.error_frames(kind)

    def problems(self, request: Request, served: PriorExchange) -> Iterable[Problem]:
        return rules.problems(request, served)

    def noise(self) -> tuple[bytes, ...]:
        """Comments, as OpenRouter and DeepSeek send them; the provider itself sends none."""
        return b": OPENROUTER PROCESSING\n\n", b": keep-alive\n\n"


def _shortened(one: Frame, chars: int) -> bytes:
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
            cut = {"refusal": delta["refusal"][:chars]}
        case ToolCall() as call:
            cut = _shorter_call(delta, call, chars)
    if not chars and not rest and not (isinstance(added[0].begins, ToolCall) and added[0].begins.name):
        return b""
    choice = {**ours, "delta": {**rest, **cut}, "finish_reason": None}
    return json_frame(
        {**without(payload, "usage", "obfuscation"), "choices": [choice]}, newline=newline_of(one.raw)
    )


def _shorter_call(delta: dict[str, object], call: ToolCall, chars: int) -> dict[str, object]:
    if call.extra.get("$legacy"):
        whole = fields(delta["function_call"])
        return {"function_call": {**whole, "arguments": call.arguments[:chars]}}
    first = fields(items(delta["tool_calls"])[0])
    kind, given = shape(first)
    inner = {**fields(first.get(kind)), given: call.arguments[:chars]}
    return {"tool_calls": [{**first, kind: inner}]}


def _same(old: Frame, new: Frame) -> bool:
    return old.event == new.event and _sense(old) == _sense(new)


def _sense(one: Frame) -> str:
    """What a frame says: padding against traffic analysis says nothing."""
    payload = loaded(one.data)
    return canonical(without(payload, "obfuscation")) if isinstance(payload, dict) else one.data


PROTOCOL = OpenAIChat()
