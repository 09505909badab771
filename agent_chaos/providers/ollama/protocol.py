"""Ollama's native `/api/chat`: JSON lines where it is streamed, which is its default.

https://github.com/ollama/ollama/blob/main/docs/api.md. Tool calls arrive whole, with their arguments as an object, so that
arguments which are none are written as the nearest one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agent_chaos.providers.json_values import fields, loaded
from agent_chaos.providers.ollama import errors, prompt, rules, writing
from agent_chaos.providers.ollama.reading import StreamReading
from agent_chaos.providers.ollama.specifics import SPECIFICS
from agent_chaos.providers.parts.frames import cut_in_part, unread, with_json, written_back
from agent_chaos.providers.parts.splicing import Comparison, spliced
from agent_chaos.providers.protocol import Deltas, WireProtocol
from agent_chaos.providers.rules import PriorExchange, Problem
from agent_chaos.providers.turn import ErrorKind, ModelTurn, Prompt
from agent_chaos.stream.exchange import Reply, Request
from agent_chaos.stream.framing.framing import Frame
from agent_chaos.stream.framing.json_lines import JSON_LINES


class Ollama(WireProtocol):
    """`POST …/api/chat`, on one's own machine and on ollama.com."""

    name = "ollama"
    vendor = "ollama"
    framings = (JSON_LINES,)
    carries = frozenset({"retry_after"})
    key_variables = ("OLLAMA_API_KEY",)
    modules = ("ollama",)
    specifics = SPECIFICS

    def recognise(self, request: Request) -> bool:
        return request.method.upper() == "POST" and request.path.rstrip("/").endswith("/api/chat")

    def streaming(self, request: Request) -> bool:
        """Unless the body's `stream` is false."""
        return prompt.streaming(request)

    def read_prompt(self, request: Request) -> Prompt:
        """The request in neutral words."""
        return prompt.prompt(request)

    def request(self, asked: Prompt) -> Request:
        return prompt.request_of(asked)

    def read(self, reply: Reply) -> ModelTurn:
        """The reply as a model turn."""
        if JSON_LINES.holds(reply):
            return self._reading(reply).turn(streamed=True)
        body = loaded(reply.body)
        if not isinstance(body, dict):
            return unread(reply)
        reading = StreamReading()
        reading.take(body)
        return reading.turn(streamed=False)

    def render(self, turn: ModelTurn, like: Reply) -> Reply:
        """The turn as the server would send it."""
        before = self.parse(like)
        if turn.streamed:
            return spliced(turn, like, before, writing.stream, _LINES)
        unchanged = None if before.streamed else writing.whole(before)
        return written_back(turn, like) or with_json(like, writing.whole(turn), unchanged)

    def ids(self, reply: Reply) -> tuple[str, ...]:
        """Those of the tool calls, which only newer servers give them."""
        return tuple(dict.fromkeys(call.id for call in self.parse(reply).tool_calls if call.id))

    def read_deltas(self, reply: Reply) -> Deltas:
        if not JSON_LINES.holds(reply):
            return ()
        ends = (one.end for one in JSON_LINES.frames_of(reply))
        return tuple(zip(ends, self._reading(reply).deltas, strict=True))

    def cut_in_part(self, reply: Reply, part: int, chars: int) -> Reply:
        """As the contract says; a tool call, which arrives whole, is dropped where it would be cut."""
        return cut_in_part(reply, JSON_LINES, self.delta(reply), part, chars, _shortened)

    def error_reply(self, kind: ErrorKind, like: Request, *, retry_after_s: int | None = None) -> Reply:
        return errors.error_reply(kind, like, retry_after_s)

    def error_frames(self, kind: ErrorKind, like: Reply) -> bytes:
        """A line with the error; nothing follows it."""
        return errors.error_frames(kind)

    def problems(self, request: Request, served: PriorExchange) -> Iterable[Problem]:
        return rules.problems(request)

    def _reading(self, reply: Reply) -> StreamReading:
        reading = StreamReading()
        for one in JSON_LINES.frames_of(reply):
            reading.take(fields(loaded(one.data)))
        return reading


def _shortened(one: Frame, chars: int) -> Any:
    """The object of a line that adds only its first characters; None for a tool call."""
    body = fields(loaded(one.data))
    message = fields(body.get("message"))
    key = next((name for name in ("thinking", "content") if message.get(name)), "")
    if not key or not chars:
        return None
    cut = {name: value for name, value in message.items() if name not in ("thinking", "tool_calls")}
    return {**body, "message": {**cut, "content": "", key: message[key][:chars]}}


# Each line has a time of its own, and a turn keeps only the first.
_LINES = Comparison(JSON_LINES, noise=("created_at",))
PROTOCOL = Ollama()
