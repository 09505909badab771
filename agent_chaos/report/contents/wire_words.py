"""What came over the wire, in words: replies, transfers that broke, deliveries, effects of tools."""

from __future__ import annotations

from agent_chaos.providers.embeddings import embeddings_of
from agent_chaos.providers.protocol import WireProtocol
from agent_chaos.providers.registry import framing_of
from agent_chaos.providers.turn import ModelTurn, ToolCall
from agent_chaos.report.printable import clipped, count, one_line, printable, seconds
from agent_chaos.stream.exchange import Abort, Data, Reply
from agent_chaos.trace.trace import Call, Delivered, ToolRun

_ABORTS = {
    "refused": "connection refused",
    "dns": "the host name did not resolve",
    "connect_timeout": "connecting timed out",
    "tls": "the TLS handshake failed",
    "pool_timeout": "no free connection in time",
    "write_error": "sending the request failed",
    "write_timeout": "sending the request timed out",
    "disconnected": "the server closed the connection before a reply",
    "read_timeout": "nothing more before the client's timeout",
    "reset": "connection reset",
    "incomplete": "connection closed inside the body",
    "bad_protocol": "not an HTTP reply",
    "bad_encoding": "the body could not be decoded",
}

EFFECTS = {
    "recorded": "would have run: offline, it was given its recorded result",
    "nearest": "would have run: offline, it was given the nearest recorded result",
    "pure": "ran: it is declared pure",
    "real": "RAN FOR REAL",
}
"""What became of a tool call, by `ToolRun.effect`."""


def model_of(call: Call) -> str:
    """The model a call asks for, or its host where that is not known."""
    wire, vectors = call.wire, embeddings_of(call.request)
    model = wire.prompt(call.request).model if wire else vectors.model(call.request) if vectors else ""
    return printable(model or call.request.host)


def model_turn(wire: WireProtocol | None, reply: Reply | None) -> ModelTurn | None:
    """The reply as a model turn, where there is something to read."""
    return wire.parse(reply) if wire and reply and reply.body else None


def came_back(call: Call) -> str:
    """What the agent got for a call, in one phrase: `429 rate limited, retry after 30 s`."""
    reply = call.reply
    if reply is None:
        return "not recorded"
    parts = [_status(call, reply), _said(model_turn(call.wire, reply)), _ending(call, reply)]
    return ", ".join(part for part in parts if part)


def _status(call: Call, reply: Reply) -> str:
    if not reply.head:
        return ""
    retry_after = reply.header("retry-after")
    wait = f", retry-after {clipped(retry_after, 40)}" if retry_after else ""
    return f"{reply.status}{wait}"


def _said(turn: ModelTurn | None) -> str:
    if turn is None:
        return ""
    if turn.error is not None:
        return clipped(one_line(turn.error.get("message") or turn.error.get("type") or turn.error), 90)
    tools = ", ".join(map(tool_named, turn.tool_calls))
    said = f"“{clipped(turn.text.strip(), 60)}”" if turn.text.strip() else ""
    return f"asks for {tools}" if tools else said


def tool_named(asked: ToolCall) -> str:
    """The tool that a call names."""
    return printable(asked.name) or "a tool without a name"


def _ending(call: Call, reply: Reply) -> str:
    last = reply.events[-1] if reply.events else None
    size = f" after {len(reply.body):,}{_whole(call, reply)} bytes" if reply.head else ""
    if isinstance(last, Abort):
        return _ABORTS[last.kind] + size
    return f"ends early{size}" if _ends_early(call, reply) else ""


def _whole(call: Call, reply: Reply) -> str:
    """How long the recorded reply is, where this one is its beginning; of another reply that would say nothing."""
    recorded = call.recorded.body if call.recorded else b""
    longer = len(recorded) > len(reply.body) and recorded.startswith(reply.body)
    return f" of {len(recorded):,}" if longer else ""


def _ends_early(call: Call, reply: Reply) -> bool:
    """Whether the reply has less than it says itself: than its length, or without the end of its stream."""
    declared = reply.header("content-length")
    # The length counts compressed bytes, which are more or fewer than those that were read.
    if declared.isdigit() and len(reply.body) < int(declared) and not reply.header("content-encoding"):
        return True
    turn = model_turn(call.wire, reply)
    # With its reason to stop a turn has ended, even where the sentinel behind it did not come.
    unended = turn is not None and turn.error is None and not turn.complete and turn.stop is None
    return unended and (framing_of(reply, call.wire) is not None or bool(_whole(call, reply)))


def transfer(reply: Reply | None) -> str:
    """Status, size, time and end of a transfer: `200, 910 bytes in 12 chunks, 1.20 s`."""
    if reply is None:
        return "(nothing)"
    last = reply.events[-1] if reply.events else None
    end = f", then {_ABORTS[last.kind]}" if isinstance(last, Abort) else ""
    if not reply.head:
        return f"{_ABORTS[last.kind]}, {seconds(reply.duration)}" if isinstance(last, Abort) else "(nothing)"
    chunks = count(sum(1 for event in reply.events if isinstance(event, Data)), "chunk")
    return f"{reply.status}, {count(len(reply.body), 'byte')} in {chunks}, {seconds(reply.duration)}{end}"


def delivery(delivered: Delivered | None, reply: Reply | None) -> str:
    """How the client took the reply, where that is worth a word: one that it closed after its last byte is not."""
    if delivered is None or delivered.outcome == "complete":
        return ""
    of = len(reply.body) if reply is not None else 0
    # SDKs stop at the sentinel, or at the last event, and close the connection themselves.
    if delivered.outcome == "closed" and delivered.bytes_read >= of:
        return ""
    error = f" ({printable(delivered.error)})" if delivered.error else ""
    words = {
        "closed": f"the client closed it after {delivered.bytes_read:,} of {count(of, 'byte')}",
        "aborted": f"the client saw an error{error}" if error else "",
        "timeout": f"the client timed out{error}",
        "open": "still open when the example ended",
    }
    return words[delivered.outcome]


def effect_of(run: ToolRun) -> str:
    """What became of a tool call, with what the agent was told of it."""
    if run.fired and run.end.failed:
        landed = "its effect landed" if run.landed else "nothing was done"
        return f"offline: {landed}, and the agent got an error"
    return EFFECTS[run.effect]


def tool_result_text(run: ToolRun) -> str:
    """What a tool gave: its result, or the error it raised."""
    if run.end.failed:
        return printable(f"raised {run.end.raised}")
    return printable(one_line(run.end.result))
