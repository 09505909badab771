"""vcrpy cassettes in and out.

What vcrpy cannot say stands where stock vcrpy does not look: timing and chunk lengths under `response.chaos`; header,
tools, turns and transfers that broke before a status line under `metadata.agent_chaos`, as JSON text, since YAML cannot
hold all that tools are called with. Without those, event streams are cut at blank lines and time is 0, since vcrpy keeps
none.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from agent_chaos.cassette.interchange.vcr_reading import Interaction, Unfit, interactions
from agent_chaos.cassette.interchange.vcr_text import dump, load
from agent_chaos.cassette.keys import KEY_VERSION
from agent_chaos.cassette.model import Cassette, Exchange, Header, ToolRecord, TurnMark
from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.cassette.storage.writer import CassetteWriter
from agent_chaos.errors import CassetteDamaged
from agent_chaos.stream.exchange import (
    Abort,
    Data,
    Head,
    Headers,
)

_METADATA = "agent_chaos"


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
    except Unfit as exc:
        raise CassetteDamaged(f"{source}: {exc}") from None
    writer = CassetteWriter(target, header, redactor)
    for record in records:
        _write(writer, record)
    return writer.finish()


def read_vcr(source: Path) -> tuple[Interaction, ...]:
    """The exchanges of a vcrpy file, as they are, bodies decoded. Raises as `import_cassette`."""
    try:
        return tuple(interactions(load(source)))
    except Unfit as exc:
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
    document = {"version": 1, "interactions": [_exported(exchange) for exchange in playable]}
    dump({**document, "metadata": {_METADATA: json.dumps(extra)}}, target)
    return len(playable)


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
    broken = interactions({"interactions": extra.get("broken", ())})
    calls = sorted([*interactions(document), *broken], key=lambda one: one.at)
    return sorted([*marks, *calls, *tools], key=lambda record: record.at)


def _write(writer: CassetteWriter, record: _Record) -> None:
    if isinstance(record, Interaction):
        writer.exchange(record.request, record.reply, at=record.at, transport=record.transport)
    elif isinstance(record, ToolRecord):
        writer.tool(record)
    else:
        writer.turn(record)


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
