"""Model turns as each provider sends them, and the requests that ask for them."""

from __future__ import annotations

from agent_chaos.faults.fault import Target
from agent_chaos.providers.registry import protocols
from agent_chaos.providers.turn import Message, Prompt, Text, ToolSpec
from agent_chaos.stream.exchange import Reply, Request, reply
from tests.standin.said import Asked, Said
from tests.standin.wires import MODELS, WIRES

HEAD_AT = 0.4
GAP_S = 0.02


def spoken(protocol: str, said: Said, number: int = 0, *, stream: bool) -> Reply:
    """The reply with a model turn: head after 0.4 s, then a chunk every 0.02 s."""
    wire, asked = WIRES[protocol], Asked(protocol, MODELS[protocol], {}, stream, 0)
    chunks = list(wire.frames(asked, said, number)) if stream else [wire.whole(asked, said, number)]
    length = [] if stream else [("Content-Length", str(len(chunks[0])))]
    return reply(200, [*wire.headers(asked, number), *length], chunks, at=HEAD_AT, gap_s=GAP_S)


def request(protocol: str, *, stream: bool, history: tuple[Message, ...] = (), previous: str = "") -> Request:
    """A request of one question, after what was said before."""
    messages = (Message("user", (Text("go"),)), *history)
    asked = Prompt(MODELS[protocol], "", messages, _TOOLS, stream, previous)
    return protocols()[protocol].request(asked)


def target(protocol: str, said: Said, *, stream: bool) -> Target:
    """What a wire fault acts on when the model says this."""
    return Target(
        request(protocol, stream=stream), spoken(protocol, said, stream=stream), protocols()[protocol]
    )


_AMOUNT = {"type": "number", "minimum": 0, "maximum": 5000}
_SCHEMA = {
    "type": "object",
    "properties": {"order": {"type": "string"}, "amount": _AMOUNT},
    "required": ["order"],
}
_TOOLS = (ToolSpec("look_up", _SCHEMA), ToolSpec("refund", _SCHEMA))
