"""Recorded provider traffic as requests and replies; empty where the folder of recordings is absent."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from agent_chaos.providers.registry import recognise
from agent_chaos.stream.exchange import Data, End, Head, Headers, Reply, Request, header

TRAFFIC = Path(__file__).resolve().parents[2] / ".." / "shared" / "traffic"

Recorded = tuple[str, Request, Reply]


@cache
def recorded(api: str) -> tuple[Recorded, ...]:
    """Every recorded exchange of one folder of the manifest, as (id, request, reply)."""
    manifest = TRAFFIC / "manifest.json"
    if not manifest.exists():
        return ()
    entries = json.loads(manifest.read_text())["cassettes"]
    return tuple(one for entry in entries if entry["api"] == api for one in _exchanges(entry["file"]))


def accepted(api: str) -> tuple[Recorded, ...]:
    """The recorded exchanges that were answered with 2xx and a body."""
    return tuple(one for one in recorded(api) if 200 <= one[2].status < 300 and one[2].body)


def _exchanges(file: str) -> Iterator[Recorded]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    tape = yaml.load((TRAFFIC / file).read_text(), Loader=loader)
    for index, one in enumerate(tape["interactions"]):
        yield f"{Path(file).stem}#{index}", _request(one["request"]), _reply(one["response"])


def _request(raw: dict[str, Any]) -> Request:
    body = raw.get("body") or b""
    return Request(
        raw["method"], raw["uri"], _headers(raw), body.encode() if isinstance(body, str) else bytes(body)
    )


def _reply(raw: dict[str, Any]) -> Reply:
    content = raw["body"].get("string") or b""
    wire = content.encode() if isinstance(content, str) else bytes(content)
    body = _decoded(wire, header(_headers(raw), "content-encoding"))
    dropped = {"content-encoding", "transfer-encoding", "content-length"}
    headers = tuple(pair for pair in _headers(raw) if pair[0].lower() not in dropped)
    head = Head(raw["status"]["code"], headers, 0.25, raw["status"].get("message") or "")
    return Reply((head, *_chunks(body), End(0.3 + 0.01 * (len(body) // 700))))


def _chunks(body: bytes) -> tuple[Data, ...]:
    """The body in pieces of 700 bytes, 0.01 s apart: no source kept its own chunk boundaries."""
    return tuple(Data(body[i : i + 700], 0.3 + 0.01 * (i // 700)) for i in range(0, len(body), 700))


def _decoded(wire: bytes, encoding: str) -> bytes:
    if encoding == "gzip":
        return gzip.decompress(wire)
    return zlib.decompress(wire) if encoding == "deflate" else wire


def _headers(raw: dict[str, Any]) -> Headers:
    found: list[tuple[str, str]] = []
    for name, value in (raw.get("headers") or {}).items():
        found += [(name, str(one)) for one in (value if isinstance(value, list) else [value])]
    return tuple(found)


@cache
def conversations() -> tuple[tuple[str, str, tuple[tuple[Request, Reply], ...]], ...]:
    """Every recorded agent loop, as (id, API, its exchanges); none where the folder is absent."""
    manifest = TRAFFIC / "manifest.json"
    if not manifest.exists():
        return ()
    entries = [one for one in json.loads(manifest.read_text())["cassettes"] if "loop" in one["kind"]]
    return tuple(
        (
            Path(entry["file"]).stem,
            entry["api"],
            tuple((asked, reply) for _, asked, reply in _exchanges(entry["file"]) if recognise(asked)),
        )
        for entry in entries
    )
