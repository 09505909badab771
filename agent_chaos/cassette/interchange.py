"""vcrpy cassettes in and out.

What vcrpy cannot say stands where stock vcrpy does not look: timing and chunk lengths under `response.chaos`; header,
tools, turns and transfers that broke before a status line under `metadata.agent_chaos`, as JSON text, since YAML cannot
hold all that tools are called with. Without those, event streams are
cut at blank lines and time is 0, since vcrpy keeps none.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from agent_chaos.cassette.encoding import decoded
from agent_chaos.cassette.keys import KEY_VERSION
from agent_chaos.cassette.model import Cassette, Exchange, Header, ToolRecord, TurnMark
from agent_chaos.cassette.records import ABORT_KINDS
from agent_chaos.cassette.redaction import Redactor
from agent_chaos.cassette.vcr_text import dump, load
from agent_chaos.cassette.writer import CassetteWriter
from agent_chaos.errors import CassetteDamaged
from agent_chaos.stream.exchange import (
    Abort,
    Data,
    End,
    Head,
    Headers,
    Reply,
    Request,
)
from agent_chaos.stream.sse import frames

_METADATA = "agent_chaos"


@dataclass(frozen=True, slots=True)
class Interaction:
    """One exchange of a vcrpy file."""

    request: Request
    reply: Reply
    at: float = 0.0
    transport: str = ""


def import_cassette(
    source: Path, target: Path, *, scenario: str = "", redactor: Redactor | None = None
) -> Cassette:
    """Writes a vcrpy YAML or JSON file as a cassette, redacted like a recording; an earlier `target` is replaced.

    Raises:
        CassetteMissing, CassetteDamaged, CassetteError: `source` cannot be read, or holds an interaction that is none.
        UsageError: its name does not end in .yaml, .yml or .json.
        RecordError: `target` cannot be written.
    """
    document = load(source)
    try:
        extra = _metadata(document)
        header = Header(**extra["header"]) if "header" in extra else _new_header(scenario or target.stem)
        records = _records(document, extra)
    except (KeyError, TypeError, ValueError, RecursionError) as exc:
        raise CassetteDamaged(f"{source}: its agent_chaos metadata does not fit: {exc}") from None
    except _Unfit as exc:
        raise CassetteDamaged(f"{source}: {exc}") from None
    writer = CassetteWriter(target, header, redactor)
    for record in records:
        _write(writer, record)
    return writer.finish()


def read_vcr(source: Path) -> tuple[Interaction, ...]:
    """The exchanges of a vcrpy file, as they are, bodies decoded. Raises as `import_cassette`."""
    try:
        return tuple(_interactions(load(source)))
    except _Unfit as exc:
        raise CassetteDamaged(f"{source}: {exc}") from None


def export_cassette(cassette: Cassette, target: Path) -> int:
    """Writes a cassette as vcrpy YAML or JSON, by suffix, and gives the number of exchanges that stock vcrpy can play.

    A transfer that broke before its status line is kept in the metadata, since vcrpy has no word for it.
    """
    playable = [exchange for exchange in cassette.exchanges if exchange.reply.head is not None]
    broken = [exchange for exchange in cassette.exchanges if exchange.reply.head is None]
    extra = {
        "header": cassette.header.model_dump(),
        "tools": [asdict(tool) for tool in cassette.tools],
        "turns": [asdict(mark) for mark in cassette.turns],
        "broken": [_jsonable(_exported(exchange)) for exchange in broken],
    }
    interactions = [_exported(exchange) for exchange in playable]
    dump({"version": 1, "interactions": interactions, "metadata": {_METADATA: json.dumps(extra)}}, target)
    return len(playable)


class _Unfit(Exception):
    """An interaction that is not one; the message names it."""


_Record = Interaction | ToolRecord | TurnMark


def _new_header(scenario: str) -> Header:
    return Header(scenario=scenario, started_at=0.0, key_version=KEY_VERSION)


def _metadata(document: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = document.get("metadata")
    text = metadata.get(_METADATA) if isinstance(metadata, dict) else None
    extra = json.loads(text) if isinstance(text, str) else None
    return extra if isinstance(extra, dict) else {}


def _records(document: Mapping[str, Any], extra: Mapping[str, Any]) -> list[_Record]:
    """Everything in a file in the order it happened; a mark comes before what happened at the same instant."""
    marks: list[_Record] = [TurnMark(**mark) for mark in extra.get("turns", ())]
    tools: list[_Record] = [ToolRecord(**tool) for tool in extra.get("tools", ())]
    broken = _interactions({"interactions": extra.get("broken", ())})
    calls = sorted([*_interactions(document), *broken], key=lambda one: one.at)
    return sorted([*marks, *calls, *tools], key=lambda record: record.at)


def _write(writer: CassetteWriter, record: _Record) -> None:
    if isinstance(record, Interaction):
        writer.exchange(record.request, record.reply, at=record.at, transport=record.transport)
    elif isinstance(record, ToolRecord):
        writer.tool(record)
    else:
        writer.turn(record)


def _interactions(document: Mapping[str, Any]) -> Iterator[Interaction]:
    for number, raw in enumerate(document["interactions"]):
        try:
            yield _interaction(raw)
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise _Unfit(f"interaction {number} is not one ({type(exc).__name__}: {exc})") from None


def _interaction(raw: Mapping[str, Any]) -> Interaction:
    asked, answer = raw["request"], raw["response"]
    chaos = answer.get("chaos") or {}
    request = Request(
        str(asked["method"]).upper(),
        str(asked["uri"]),
        _headers(asked.get("headers")),
        _request_body(asked),
    )
    return Interaction(
        request, _reply(answer, chaos), float(chaos.get("at", 0.0)), str(chaos.get("transport", ""))
    )


def _request_body(asked: Mapping[str, Any]) -> bytes:
    """Bytes, text, a list of either, or JSON that was kept as a value."""
    body = asked.get("body", asked.get("parsed_body"))
    if isinstance(body, dict) and set(body) == {"string"}:
        body = body["string"]
    if isinstance(body, dict) and set(body) == {"base64_string"}:
        return base64.b64decode(body["base64_string"])
    if isinstance(body, list) and all(isinstance(part, str | bytes) for part in body):
        return b"".join(_bytes(part) for part in body)
    return _bytes(body)


def _bytes(value: Any) -> bytes:
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return json.dumps(value, separators=(",", ":")).encode()


def _headers(raw: Any) -> Headers:
    pairs = raw.items() if isinstance(raw, dict) else (raw or ())
    found: list[tuple[str, str]] = []
    for name, value in pairs:
        found += [
            (_text(name), _text(one)) for one in (value if isinstance(value, list | tuple) else [value])
        ]
    return tuple(found)


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _reply(answer: Mapping[str, Any], chaos: Mapping[str, Any]) -> Reply:
    if "head_at" not in chaos and "end" in chaos:
        return Reply((_last(chaos),))
    status = answer.get("status") or {"code": answer["status_code"]}
    body = _reply_body(answer)
    headers = _headers(answer["headers"])
    head = Head(int(status["code"]), headers, float(chaos.get("head_at", 0.0)), status.get("message") or "")
    if chaos:
        return Reply((head, *_timed(body, chaos), _last(chaos)))
    plain = decoded(Reply((head, Data(body), End()) if body else (head, End())))
    if not plain.streamed:
        return plain
    pieces = (Data(frame.raw) for frame in frames(plain.body))
    return Reply((plain.events[0], *pieces, End()))


def _reply_body(answer: Mapping[str, Any]) -> bytes:
    if "content" in answer:
        return _bytes(answer["content"])
    body = answer.get("body", answer.get("parsed_body"))
    if isinstance(body, dict) and "base64_string" in body:
        return base64.b64decode(body["base64_string"])
    if isinstance(body, dict) and "string" in body and len(body) <= 2:
        return _bytes(body["string"])
    return _bytes(body)


def _timed(body: bytes, chaos: Mapping[str, Any]) -> Iterator[Data]:
    lengths, ats = chaos["chunks"], chaos["chunk_ats"]
    if len(lengths) != len(ats) or sum(lengths) != len(body):
        raise ValueError(f"chunks of {sum(lengths)} bytes in a body of {len(body)}")
    used = 0
    for length, at in zip(lengths, ats, strict=True):
        yield Data(body[used : used + length], float(at))
        used += length


def _last(chaos: Mapping[str, Any]) -> End | Abort:
    at, kind = float(chaos["end_at"]), str(chaos["end"])
    return End(at) if kind == "end" else Abort(ABORT_KINDS[kind], at, str(chaos.get("message", "")))


def _exported(exchange: Exchange) -> dict[str, Any]:
    request, reply = exchange.request, exchange.reply
    head = reply.head or Head(0)
    return {
        "request": {
            "method": request.method,
            "uri": request.url,
            "body": _readable(request.body),
            "headers": _listed(request.headers),
        },
        "response": {
            "status": {"code": head.status, "message": head.reason},
            "headers": _listed(head.headers),
            "body": {"string": _readable(reply.body)},
            "chaos": _chaos(exchange),
        },
    }


def _jsonable(interaction: dict[str, Any]) -> dict[str, Any]:
    """The interaction with a request body that JSON can hold."""
    asked = interaction["request"]
    if isinstance(asked["body"], bytes):
        asked = {**asked, "body": {"base64_string": base64.b64encode(asked["body"]).decode()}}
    return {**interaction, "request": asked}


def _chaos(exchange: Exchange) -> dict[str, Any]:
    reply = exchange.reply
    datas = [event for event in reply.events if isinstance(event, Data)]
    last = reply.events[-1]
    said: dict[str, Any] = {
        "at": exchange.at,
        "transport": exchange.transport,
        "chunks": [len(data.data) for data in datas],
        "chunk_ats": [data.at for data in datas],
        "end": last.kind if isinstance(last, Abort) else "end",
        "end_at": last.at,
    }
    if reply.head is not None:
        said["head_at"] = reply.head.at
    return said | ({"message": _encodable(last.message)} if isinstance(last, Abort) else {})


def _encodable(text: str) -> str:
    """The text with what UTF-8 cannot carry escaped."""
    return text.encode("utf-8", "backslashreplace").decode()


def _listed(headers: Headers) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name, []).append(value)
    return found


def _readable(data: bytes) -> str | bytes:
    """Text where the bytes are UTF-8, as vcrpy writes it."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data
