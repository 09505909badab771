"""The OpenAI Responses API, on OpenAI, Azure and compatible hosts.

https://platform.openai.com/docs/api-reference/responses and .../responses-streaming
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from agent_chaos.providers.json_values import JsonObject, fields, items, loaded, text_of
from agent_chaos.providers.openai_responses import errors, rules, writing
from agent_chaos.providers.openai_responses.prompt import prompt, request_of
from agent_chaos.providers.openai_responses.reading import read
from agent_chaos.providers.openai_responses.specifics import SPECIFICS
from agent_chaos.providers.openai_responses.stream import events_in, place_of
from agent_chaos.providers.parts import frames
from agent_chaos.providers.protocol import Deltas, Specificity, WireProtocol
from agent_chaos.providers.rules import PriorExchange, Problem
from agent_chaos.providers.turn import Delta, ErrorKind, ModelTurn, Prompt
from agent_chaos.stream.exchange import Reply, Request
from agent_chaos.stream.framing.framing import Frame
from agent_chaos.stream.framing.sse import SSE

_ASKS = ("model", "input", "prompt", "previous_response_id", "conversation")


class OpenAIResponses(WireProtocol):
    """`POST …/responses`; requests about a stored response are not the model's."""

    name = "openai_responses"
    vendor = "openai"
    envelope: Mapping[str, Any] = {
        "object": "response",
        "created_at": 0,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }
    carries = frozenset(
        {
            "call_ids",
            "event_names",
            "opening_event",
            "retry_after",
            "filters",
            "pauses",
            "indexed_pieces",
            "completion_event",
        }
    )
    key_variables = ("OPENAI_API_KEY", "AZURE_OPENAI_API_KEY")
    modules = ("openai",)
    specificity = Specificity.BODY
    specifics = SPECIFICS

    def recognise(self, request: Request) -> bool:
        if request.method != "POST" or not request.path.rstrip("/").endswith("/responses"):
            return False
        # Any of them: where a stored prompt or an earlier response is gone on with, there need be no model.
        return isinstance(request.json, dict) and any(name in request.json for name in _ASKS)

    def streaming(self, request: Request) -> bool:
        return fields(request.json).get("stream") is True

    def constrains(self, request: Request) -> bool:
        form = fields(fields(fields(request.json).get("text")).get("format"))
        # Compatible servers take the field and need not decode by it.
        own = request.host == "api.openai.com"
        return own and form.get("type") == "json_schema" and form.get("strict") is True

    def read_prompt(self, request: Request) -> Prompt:
        return prompt(request)

    def request(self, asked: Prompt) -> Request:
        return request_of(asked)

    def read(self, reply: Reply) -> ModelTurn:
        return read(reply)[0]

    def render(self, turn: ModelTurn, like: Reply) -> Reply:
        return writing.render(turn, like, self.parse(like))

    def ids(self, reply: Reply) -> tuple[str, ...]:
        if not SSE.holds(reply):
            return tuple(dict.fromkeys(_ids(fields(reply.json))))
        found = [
            one
            for event in events_in(reply)
            for part in ("response", "item")
            for one in _ids(fields(event.get(part)))
        ]
        return tuple(dict.fromkeys(found))

    def read_deltas(self, reply: Reply) -> Deltas:
        if not SSE.holds(reply):
            return ()
        number = {place: at for at, place in enumerate(read(reply)[1])}
        return tuple(
            (one.end, Delta(number[place], event["delta"]) if (place := place_of(event)) in number else None)
            for one, event in zip(SSE.frames_of(reply), events_in(reply), strict=True)
        )

    def cut_in_part(self, reply: Reply, part: int, chars: int) -> Reply:
        return frames.cut_in_part(reply, SSE, self.delta(reply), part, chars, _shortened)

    def error_reply(self, kind: ErrorKind, like: Request, *, retry_after_s: int | None = None) -> Reply:
        return errors.error_reply(kind, like, retry_after_s=retry_after_s)

    def error_frames(self, kind: ErrorKind, like: Reply) -> bytes:
        return errors.error_frames(kind)

    def problems(self, request: Request, served: PriorExchange) -> Iterable[Problem]:
        return rules.problems(request, served)

    def noise(self) -> tuple[bytes, ...]:
        """The API's own `keepalive`, and the comments of gateways before compatible hosts."""
        return (
            b'event: keepalive\ndata: {"type":"keepalive","sequence_number":2}\n\n',
            b": keepalive\n\n",
            b": OPENROUTER PROCESSING\n\n",
        )


def _ids(told: JsonObject) -> list[str]:
    """Ids of a response or of an item, and of what it holds."""
    found = [text_of(told.get(name)) for name in ("id", "call_id")]
    inner = [one for item in items(told.get("output")) for one in _ids(fields(item))]
    return [one for one in [*found, *inner] if one]


def _shortened(one: Frame, chars: int) -> Any:
    """The event of a delta frame that adds only its first characters."""
    event = fields(loaded(one.data))
    return {**event, "delta": event["delta"][:chars]} if chars else None


PROTOCOL = OpenAIResponses()
