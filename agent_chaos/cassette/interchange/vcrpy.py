"""Cassettes of vcrpy, whichever client and version of it recorded them, and of agent-chaos for it.

What vcrpy cannot say stands where stock vcrpy does not look: timing and chunk lengths under `response.chaos`; header,
tools, turns and transfers that broke before a status line under `metadata.agent_chaos`, as JSON text, since YAML cannot
hold all that tools are called with. Without those, event streams are cut at blank lines and time is 0, since vcrpy keeps
none.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from agent_chaos.cassette.interchange.format import Contents, Interaction, RecordingFormat, Unfit, Written
from agent_chaos.cassette.interchange.reading import body_bytes, each, headers_of, received
from agent_chaos.cassette.model import Cassette, Exchange, Header, ToolEnd, ToolRecord, TurnMark
from agent_chaos.stream.exchange import ABORT_KINDS, Abort, Data, End, Head, Headers, Reply, Request

_METADATA = "agent_chaos"


def _recognises(document: Mapping[str, Any]) -> bool:
    """Whether its first interaction names a `uri`; go-vcr's have a `url`."""
    interactions = document.get("interactions")
    if not isinstance(interactions, list):
        return False
    asked = interactions[0].get("request") if interactions and isinstance(interactions[0], dict) else None
    return not (isinstance(asked, dict) and "url" in asked and "uri" not in asked)


def _read(document: Mapping[str, Any]) -> Contents:
    try:
        extra = _metadata(document)
        header = Header(**extra["header"]) if "header" in extra else None
        tools = tuple(_tool(tool) for tool in extra.get("tools", ()))
        turns = tuple(TurnMark(**mark) for mark in extra.get("turns", ()))
        broken = tuple(each(extra.get("broken", ()), _interaction))
    except (KeyError, TypeError, ValueError, RecursionError) as exc:
        raise Unfit(f"its agent_chaos metadata does not fit: {exc}") from None
    # Those that broke stand apart in the file, and go back to where they happened.
    calls = sorted([*each(document["interactions"], _interaction), *broken], key=lambda one: one.at)
    return Contents(tuple(calls), header, tools, turns)


def _tool(fields: Mapping[str, Any]) -> ToolRecord:
    rest = dict(fields)
    end = ToolEnd(rest.pop("result", None), rest.pop("error_type", ""), rest.pop("error", ""))
    return ToolRecord(**rest, end=end)


def _fields(tool: ToolRecord) -> dict[str, Any]:
    """A tool call as one flat object, how it ended beside all else."""
    return asdict(tool.end) | {name: value for name, value in asdict(tool).items() if name != "end"}


def _metadata(document: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = document.get("metadata")
    text = metadata.get(_METADATA) if isinstance(metadata, dict) else None
    extra = json.loads(text) if isinstance(text, str) else None
    return extra if isinstance(extra, dict) else {}


def _interaction(raw: Mapping[str, Any]) -> Interaction:
    asked, answer = raw["request"], raw["response"]
    chaos = answer.get("chaos") or {}
    request = Request(
        str(asked["method"]).upper(),
        str(asked["uri"]),
        headers_of(asked.get("headers")),
        body_bytes(asked.get("body", asked.get("parsed_body"))),
    )
    return Interaction(
        request, _reply(answer, chaos), float(chaos.get("at", 0.0)), str(chaos.get("transport", ""))
    )


def _reply(answer: Mapping[str, Any], chaos: Mapping[str, Any]) -> Reply:
    if "head_at" not in chaos and "end" in chaos:
        return Reply((_last(chaos),))
    status = answer.get("status") or {"code": answer["status_code"]}
    body = body_bytes(
        answer["content"] if "content" in answer else answer.get("body", answer.get("parsed_body"))
    )
    at, reason = float(chaos.get("head_at", 0.0)), status.get("message") or ""
    head = Head(int(status["code"]), headers_of(answer["headers"]), at, reason)
    return Reply((head, *_timed(body, chaos), _last(chaos))) if chaos else received(head, body)


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


def _write(cassette: Cassette) -> Written:
    """A transfer that broke before its status line is kept in the metadata, since vcrpy has no word for it."""
    playable = [exchange for exchange in cassette.exchanges if exchange.reply.head is not None]
    broken = [exchange for exchange in cassette.exchanges if exchange.reply.head is None]
    extra = {
        "header": cassette.header.model_dump(),
        "tools": [_fields(tool) for tool in cassette.tools],
        "turns": [asdict(mark) for mark in cassette.turns],
        "broken": [_jsonable(_exported(exchange)) for exchange in broken],
    }
    document = {"version": 1, "interactions": [_exported(exchange) for exchange in playable]}
    return Written({**document, "metadata": {_METADATA: json.dumps(extra)}}, len(playable))


def _exported(exchange: Exchange) -> dict[str, Any]:
    request, reply = exchange.request, exchange.reply
    # Of transfers that broke before a status line, which stand in the metadata, where stock vcrpy reads no
    # status.
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


FORMAT = RecordingFormat("VCR.py", _recognises, _read, _write, (".yaml", ".yml", ".json"))
