"""What a cassette holds, as data and as plain lines: `cassette show`, and the text that git diffs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from agent_chaos.cassette.model import Cassette, Exchange, Record, ToolRecord, place_in_time
from agent_chaos.cassette.tree import tree_lines
from agent_chaos.providers.embeddings import embeddings_of
from agent_chaos.providers.registry import framing_of, protocols
from agent_chaos.providers.turn import ModelTurn
from agent_chaos.stream.exchange import Abort

_PREVIEW = 200
_NOT_A_MODEL = "(protocol not known)"


@dataclass(frozen=True, slots=True)
class CallLine:
    """One recorded call. Times in seconds; `ended` says how the transfer ended, `text` what the model said."""

    index: int
    turn: int
    at: float
    duration_s: float
    method: str
    host: str
    path: str
    protocol: str
    transport: str
    model: str
    streamed: bool
    status: int
    chunks: int
    body_bytes: int
    input_tokens: int
    output_tokens: int
    stop: str
    ended: str
    text: str
    tool_calls: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """A cassette in figures. `hosts` counts calls by host, `tools` recorded tool calls by name."""

    scenario: str
    started_at: float
    complete: bool
    turns: int
    calls: int
    tool_calls: int
    tokens: int
    hosts: dict[str, int]
    tools: dict[str, int]
    digest: str


def call_line(exchange: Exchange) -> CallLine:
    """What there is to say about an exchange."""
    request, reply = exchange.request, exchange.reply
    turn, vectors = said(exchange), embeddings_of(request)
    last = reply.events[-1]
    usage = turn.usage if turn else None
    return CallLine(
        index=exchange.index,
        turn=exchange.turn,
        at=exchange.at,
        duration_s=reply.duration,
        method=request.method,
        host=request.address,
        path=request.path,
        protocol=exchange.protocol or (vectors.name if vectors else ""),
        transport=exchange.transport,
        model=asked_model(exchange),
        streamed=framing_of(reply, protocols().get(exchange.protocol)) is not None,
        status=reply.status,
        chunks=len(reply.events) - 1 - (reply.head is not None),
        body_bytes=len(reply.body),
        input_tokens=usage.input_tokens if usage else 0,
        output_tokens=usage.output_tokens if usage else 0,
        # The provider's own word, where it is known: whoever looks at a recording compares it with the
        # provider's documentation.
        stop=(turn.stop_raw or turn.stop or "") if turn else "",
        ended=f"{last.kind}: {last.message}".removesuffix(": ") if isinstance(last, Abort) else "",
        text=turn.text if turn else "",
        tool_calls=tuple((call.name, call.arguments) for call in turn.tool_calls) if turn else (),
    )


def summarise(cassette: Cassette) -> Summary:
    """The figures of a whole cassette; decodes all of it."""
    lines = [call_line(exchange) for exchange in cassette.exchanges]
    return Summary(
        scenario=cassette.header.scenario,
        started_at=cassette.header.started_at,
        complete=cassette.complete,
        turns=len({mark.turn for mark in cassette.turns}) or cassette.header.turns,
        calls=len(lines),
        tool_calls=sum(tool.is_call for tool in cassette.tools),
        tokens=sum(line.input_tokens + line.output_tokens for line in lines),
        hosts=dict(Counter(line.host for line in lines)),
        tools=dict(Counter(tool.name for tool in cassette.tools if tool.is_call)),
        digest=cassette.digest,
    )


def said(exchange: Exchange) -> ModelTurn | None:
    """The model turn in a reply, or None where no protocol is spoken."""
    protocol = protocols().get(exchange.protocol)
    return protocol.parse(exchange.reply) if protocol and exchange.reply.head else None


def is_unknown(exchange: Exchange) -> bool:
    """Whether nobody knows what an exchange says: it is neither a model's reply nor a list of embeddings."""
    return not exchange.protocol and embeddings_of(exchange.request) is None


def asked_model(exchange: Exchange) -> str:
    """The model a request names, or ''."""
    protocol, vectors = protocols().get(exchange.protocol), embeddings_of(exchange.request)
    if protocol:
        return protocol.prompt(exchange.request).model
    return vectors.model(exchange.request) if vectors else ""


def show_lines(cassette: Cassette) -> Iterator[str]:
    """The conversation as plain text, one thing a line, in the order it happened; equal for equal cassettes.

    Text comes from models and tools: whoever prints it must strip control characters.
    """
    header = cassette.header
    made = sum(tool.is_call for tool in cassette.tools)
    state = "" if cassette.complete else ", cut off while it was recorded"
    calls = f"{_count(len(cassette.exchanges), 'call')}, {_count(made, 'tool call')}"
    yield f"scenario {header.scenario}: {calls}{state}"
    for name, version in sorted(header.versions.items()):
        yield f"with {name} {version}"
    yield "conversation"
    yield from (f"  {line}" for line in tree_lines(cassette))
    records: list[Record] = [*cassette.turns, *cassette.exchanges, *cassette.tools]
    for record in sorted(records, key=place_in_time):
        yield from _lines(record)


def _lines(record: Record) -> Iterator[str]:
    if isinstance(record, Exchange):
        yield from _call_lines(call_line(record))
        yield from _vector_lines(record)
    elif isinstance(record, ToolRecord):
        outcome = f"raised {record.end.raised}" if record.end.failed else repr(record.end.result)
        what = "tool " if record.is_call else ""
        yield f"  {what}{record.name}({record.arguments!r}) -> {_short(outcome)}"
    elif record.kind == "start":
        yield f"turn {record.turn} user: {_short(record.input)}"
    else:
        yield f"turn {record.turn} answer: {_short(record.answer)}"


def _call_lines(line: CallLine) -> Iterator[str]:
    how = "streamed" if line.streamed else "whole"
    status = str(line.status) if line.status else "no reply"
    tokens = f", {line.input_tokens}+{line.output_tokens} tokens" if line.input_tokens else ""
    yield (
        f"  call {line.index} {line.method} {line.host}{line.path} {line.model or _NOT_A_MODEL} {status} {how}, "
        f"{_count(line.chunks, 'chunk')}, {line.body_bytes} bytes, {line.duration_s:.2f} s{tokens}"
    )
    if line.ended:
        yield f"    broke: {line.ended}"
    if line.text:
        yield f"    says: {_short(line.text)}"
    for name, arguments in line.tool_calls:
        yield f"    calls {name}({_short(arguments)})"
    if line.stop:
        yield f"    stop: {line.stop}"


def _vector_lines(exchange: Exchange) -> Iterator[str]:
    api = embeddings_of(exchange.request)
    entries = api.entries(exchange.reply) if api else ()
    if api and entries:
        yield f"    gives {_count(len(entries), 'vector')} of {_count(len(api.vector(entries[0])), 'number')}"


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _PREVIEW else f"{flat[: _PREVIEW - 1]}…"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
