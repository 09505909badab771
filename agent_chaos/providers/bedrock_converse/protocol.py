"""Amazon Bedrock's Converse API: JSON where it is whole, an event stream of its own framing where it is streamed.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html. Where a body is whole, a tool call's input is an
object, so that arguments which are none are written as the nearest one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agent_chaos.providers.bedrock_converse import prompt, rules, writing
from agent_chaos.providers.bedrock_converse.reading import StreamReading, turn_of_body
from agent_chaos.providers.bedrock_converse.specifics import SPECIFICS
from agent_chaos.providers.json_values import fields, loaded, text_of
from agent_chaos.providers.parts.aws_errors import aws_error_frames, aws_error_reply
from agent_chaos.providers.parts.frames import cut_in_part, unread, with_json, written_back
from agent_chaos.providers.parts.splicing import Comparison, splice
from agent_chaos.providers.protocol import Deltas, WireProtocol
from agent_chaos.providers.rules import PriorExchange, Problem
from agent_chaos.providers.turn import ErrorKind, ModelTurn, Prompt, ToolCall
from agent_chaos.stream.exchange import Reply, Request
from agent_chaos.stream.framing.aws_events import AWS_EVENTS
from agent_chaos.stream.framing.framing import Frame


class BedrockConverse(WireProtocol):
    """`POST /model/{model}/converse` and `…/converse-stream`, whatever the region."""

    name = "bedrock_converse"
    vendor = "bedrock"
    framings = (AWS_EVENTS,)
    carries = frozenset({"call_ids", "tool_stop", "event_names", "opening_event", "retry_after", "filters"})
    # Not the bearer token: where that is set, boto3 signs with nothing else, and a placeholder would change how it does.
    key_variables = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    modules = ("boto3",)
    specifics = SPECIFICS

    def recognise(self, request: Request) -> bool:
        return request.method.upper() == "POST" and prompt.PATH.search(request.path) is not None

    def streaming(self, request: Request) -> bool:
        """As the path says."""
        found = prompt.PATH.search(request.path)
        return bool(found and found[2])

    def read_prompt(self, request: Request) -> Prompt:
        """The request in neutral words."""
        return prompt.prompt(request)

    def request(self, asked: Prompt) -> Request:
        return prompt.request_of(asked)

    def read(self, reply: Reply) -> ModelTurn:
        """The reply as a model turn."""
        if AWS_EVENTS.holds(reply):
            return StreamReading().read(AWS_EVENTS.frames_of(reply)).turn()
        body = loaded(reply.body)
        return turn_of_body(body) if isinstance(body, dict) else unread(reply)

    def render(self, turn: ModelTurn, like: Reply) -> Reply:
        """The turn as the service would send it."""
        before = self.parse(like)
        if turn.streamed:
            return splice(like, writing.stream(turn), lambda: writing.stream(before), _EVENTS)
        unchanged = None if before.streamed else writing.whole(before)
        return written_back(turn, like) or with_json(like, writing.whole(turn), unchanged)

    def ids(self, reply: Reply) -> tuple[str, ...]:
        """Those of the tool calls; the message itself has none."""
        calls = (part for part in self.parse(reply).parts if isinstance(part, ToolCall))
        return tuple(dict.fromkeys(call.id for call in calls if call.id))

    def read_deltas(self, reply: Reply) -> Deltas:
        found = AWS_EVENTS.frames_of(reply) if AWS_EVENTS.holds(reply) else ()
        return tuple(zip((one.end for one in found), StreamReading().read(found).deltas, strict=True))

    def cut_in_part(self, reply: Reply, part: int, chars: int) -> Reply:
        return cut_in_part(reply, AWS_EVENTS, self.delta(reply), part, chars, _shortened)

    def error_reply(self, kind: ErrorKind, like: Request, *, retry_after_s: int | None = None) -> Reply:
        return aws_error_reply(kind, like, retry_after_s)

    def error_frames(self, kind: ErrorKind, like: Reply) -> bytes:
        """An exception, after which the service sends nothing."""
        return aws_error_frames(kind)

    def problems(self, request: Request, served: PriorExchange) -> Iterable[Problem]:
        return rules.problems(request)


def _shortened(one: Frame, chars: int) -> Any:
    """The payload of a delta that adds only its first characters; None where it would add none."""
    payload = fields(loaded(one.data))
    delta = fields(payload.get("delta"))
    if not chars:
        return None
    for within, key in (("toolUse", "input"), ("reasoningContent", "text")):
        if isinstance(fields(delta.get(within)).get(key), str):
            return {**payload, "delta": {**delta, within: {**delta[within], key: delta[within][key][:chars]}}}
    return {**payload, "delta": {**delta, "text": text_of(delta.get("text"))[:chars]}}


_EVENTS = Comparison(AWS_EVENTS)
PROTOCOL = BedrockConverse()
