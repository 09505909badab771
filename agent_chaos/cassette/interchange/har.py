"""HTTP Archives, as browsers, mitmproxy and Charles save them: http://www.softwareishard.com/blog/har-12-spec/."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from agent_chaos.cassette.interchange.format import Contents, Interaction, RecordingFormat, Written
from agent_chaos.cassette.interchange.reading import body_bytes, each, from_base64, headers_of, received
from agent_chaos.cassette.model import Cassette, Exchange, Header
from agent_chaos.stream.exchange import Abort, Head, Headers, Reply, Request
from agent_chaos.version import __version__


def _recognises(document: Mapping[str, Any]) -> bool:
    log = document.get("log")
    return isinstance(log, dict) and isinstance(log.get("entries"), list)


def _read(document: Mapping[str, Any]) -> Contents:
    found = tuple(each(document["log"]["entries"], _interaction))
    # Archives have times of day; a recording counts from its first request.
    first = min((one.at for one in found), default=0.0)
    ordered = sorted(found, key=lambda one: one.at)
    return Contents(tuple(replace(one, at=one.at - first) for one in ordered))


def _interaction(raw: Mapping[str, Any]) -> Interaction:
    asked, answer = raw["request"], raw["response"]
    headers = _headers(asked["headers"])
    request = Request(
        str(asked["method"]).upper(), str(asked["url"]), headers, _posted(asked.get("postData") or {})
    )
    return Interaction(request, _reply(raw, answer), at=_epoch(raw.get("startedDateTime")))


def _reply(raw: Mapping[str, Any], answer: Mapping[str, Any]) -> Reply:
    """The reply; one without a status, as browsers note for a request that got none, broke before its head."""
    timings = raw.get("timings") or {}
    # -1 stands for what was not measured.
    total_s = max(0.0, float(raw.get("time") or 0)) / 1000
    # Browsers write 0 for a request that was blocked or aborted.
    if int(answer["status"]) <= 0:
        return Reply((Abort("disconnected", total_s, str(answer.get("_error") or "")),))
    first_byte_s = min(total_s, max(0.0, total_s - max(0.0, float(timings.get("receive") or 0)) / 1000))
    head = Head(
        int(answer["status"]), _headers(answer["headers"]), first_byte_s, str(answer.get("statusText") or "")
    )
    content = answer.get("content") or {}
    text = content.get("text") or ""
    body = from_base64(text) if content.get("encoding") == "base64" else body_bytes(text)
    return received(head, body, ended_at=total_s)


def _posted(post: Mapping[str, Any]) -> bytes:
    if post.get("text"):
        return from_base64(post["text"]) if post.get("encoding") == "base64" else body_bytes(post["text"])
    # Browsers write the fields of a form in the place of its text.
    pairs = [(str(one["name"]), str(one.get("value") or "")) for one in post.get("params") or ()]
    return urlencode(pairs).encode()


def _headers(raw: Any) -> Headers:
    """Header fields without HTTP/2's pseudo ones."""
    pairs = headers_of([(one["name"], one["value"]) for one in raw])
    return tuple((name, value) for name, value in pairs if not name.startswith(":"))


def _epoch(started: Any) -> float:
    try:
        return datetime.fromisoformat(str(started)).timestamp()
    except ValueError:
        return 0.0


def _write(cassette: Cassette) -> Written:
    entries = [_entry(exchange, cassette.header) for exchange in cassette.exchanges]
    creator = {"name": "agent-chaos", "version": __version__}
    playable = sum(exchange.reply.head is not None for exchange in cassette.exchanges)
    return Written({"log": {"version": "1.2", "creator": creator, "pages": [], "entries": entries}}, playable)


def _entry(exchange: Exchange, header: Header) -> dict[str, Any]:
    request, reply = exchange.request, exchange.reply
    head, last = reply.head or Head(0), reply.events[-1]
    wait_ms, total_ms = head.at * 1000, last.at * 1000
    receive_ms = max(0.0, total_ms - wait_ms)
    started = datetime.fromtimestamp(0, UTC) + timedelta(seconds=header.started_at + exchange.at)
    entry = {
        "startedDateTime": started.isoformat(timespec="milliseconds"),
        "time": total_ms,
        "request": _asked(request),
        "response": _answered(reply, head),
        "cache": {},
        "timings": {"send": 0, "wait": total_ms - receive_ms, "receive": receive_ms},
    }
    return entry | (
        {"comment": f"broke: {last.kind} {last.message}".strip()} if isinstance(last, Abort) else {}
    )


def _asked(request: Request) -> dict[str, Any]:
    asked = {
        "method": request.method,
        "url": request.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _listed(request.headers),
        "queryString": [{"name": name, "value": value} for name, value in request.query],
        "headersSize": -1,
        "bodySize": len(request.body),
    }
    mime = request.header("content-type")
    return asked | (
        {"postData": {"mimeType": mime, "params": [], **_content(request.body)}} if request.body else {}
    )


def _answered(reply: Reply, head: Head) -> dict[str, Any]:
    mime = reply.header("content-type") or "x-unknown"
    return {
        "status": head.status,
        "statusText": head.reason,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _listed(head.headers),
        "content": {"size": len(reply.body), "mimeType": mime, **_content(reply.body)},
        "redirectURL": reply.header("location"),
        "headersSize": -1,
        "bodySize": len(reply.body),
    }


def _content(body: bytes) -> dict[str, str]:
    try:
        return {"text": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"text": base64.b64encode(body).decode(), "encoding": "base64"}


def _listed(headers: Headers) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers]


FORMAT = RecordingFormat("HAR", _recognises, _read, _write, (".har",))
