"""The exchanges in a vcrpy document, whichever client and version of vcrpy recorded them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agent_chaos.cassette.interchange.encoding import decoded
from agent_chaos.cassette.storage.records import ABORT_KINDS
from agent_chaos.stream.exchange import Abort, Data, End, Head, Headers, Reply, Request
from agent_chaos.stream.framing.registry import evident_framing


@dataclass(frozen=True, slots=True)
class Interaction:
    """One exchange of a vcrpy file."""

    request: Request
    reply: Reply
    at: float = 0.0
    transport: str = ""


class Unfit(Exception):
    """An interaction that is not one; the message names it."""


def interactions(document: Mapping[str, Any]) -> Iterator[Interaction]:
    for number, raw in enumerate(document["interactions"]):
        try:
            yield _interaction(raw)
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise Unfit(f"interaction {number} is not one ({type(exc).__name__}: {exc})") from None


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
    framing = evident_framing(plain)
    if framing is None:
        return plain
    pieces = (Data(frame.raw) for frame in framing.frames_of(plain))
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
