"""Bedrock's Converse as the service frames it: binary messages with checksums, payloads padded to hide their length."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote
from zlib import crc32

from tests.standin.said import Asked, Said, minted

PROTOCOL = "bedrock_converse"
MODEL = "us.anthropic.claude-sonnet-5-v1:0"
PATH = r"/model/[^/]+/converse(-stream)?$"
STATUS = {"auth_error": 403, "payment_required": 403, "unprocessable": 424}
FLAT_ERRORS = True
OBJECTS = ("whole",)
STREAM = "application/vnd.amazon.eventstream"


def headers(asked: Asked, number: int) -> list[tuple[str, str]]:
    return [
        ("Date", "Mon, 23 Nov 2026 09:00:00 GMT"),
        ("Content-Type", STREAM if asked.stream else "application/json"),
        ("Connection", "keep-alive"),
        ("x-amzn-RequestId", f"9d2e7a51-0c3b-4f6e-8a11-{number:012x}"),
    ]


def whole(asked: Asked, said: Said, number: int) -> bytes:
    content: list[dict[str, Any]] = [{"text": said.text}] if said.text else []
    for at, call in enumerate(said.calls):
        content.append(
            {"toolUse": {"input": call.arguments, "name": call.name, "toolUseId": _id(number, at)}}
        )
    body = {
        "metrics": {"latencyMs": 812},
        "output": {"message": {"content": content, "role": "assistant"}},
        "stopReason": _stop(said),
        "usage": _usage(said),
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def frames(asked: Asked, said: Said, number: int) -> Iterator[bytes]:
    yield _event("messageStart", {"role": "assistant"})
    index = 0
    if said.text:
        yield from _block(index, None, [{"text": word} for word in said.words])
        index += 1
    for at, call in enumerate(said.calls):
        start = {"toolUse": {"name": call.name, "toolUseId": _id(number, at)}}
        yield from _block(index, start, [{"toolUse": {"input": piece}} for piece in call.pieces])
        index += 1
    yield _event("messageStop", {"stopReason": _stop(said)})
    yield _event("metadata", {"metrics": {"latencyMs": 812}, "usage": _usage(said)})


def asked(protocol: str, path: str, body: dict[str, Any]) -> Asked:
    """The path says which model is asked, and whether to stream."""
    found = re.search(r"/model/([^/]+)/converse(-stream)?$", path)
    assert found is not None
    turns = sum(message["role"] == "assistant" for message in body["messages"])
    return Asked(protocol, unquote(found[1]), body, bool(found[2]), turns)


def message(payload: bytes, **named: str) -> bytes:
    """One message of the framing, each header named without its colon and with `_` for `-`."""
    block = b"".join(_header(name.replace("_", "-"), value) for name, value in named.items())
    lengths = struct.pack("!II", 16 + len(block) + len(payload), len(block))
    begun = lengths + struct.pack("!I", crc32(lengths)) + block + payload
    return begun + struct.pack("!I", crc32(begun))


def _header(name: str, value: str) -> bytes:
    return (
        bytes([len(name) + 1])
        + f":{name}".encode()
        + b"\x07"
        + struct.pack("!H", len(value))
        + value.encode()
    )


def _event(name: str, payload: dict[str, Any]) -> bytes:
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    padded = json.dumps(
        {**payload, "p": "abcdefghijklmnopqrstuvwxyzABCD"[: 5 + len(text) % 20]}, ensure_ascii=False
    )
    return message(padded.encode(), event_type=name, content_type="application/json", message_type="event")


def _block(index: int, start: dict[str, Any] | None, deltas: list[dict[str, Any]]) -> Iterator[bytes]:
    if start is not None:
        yield _event("contentBlockStart", {"contentBlockIndex": index, "start": start})
    for delta in deltas:
        yield _event("contentBlockDelta", {"contentBlockIndex": index, "delta": delta})
    yield _event("contentBlockStop", {"contentBlockIndex": index})


def _usage(said: Said) -> dict[str, int]:
    total = said.input_tokens + said.output_tokens
    return {"inputTokens": said.input_tokens, "outputTokens": said.output_tokens, "totalTokens": total}


def _id(number: int, at: int) -> str:
    return minted("tooluse_", (number, at), 22)


def _stop(said: Said) -> str:
    return "tool_use" if said.calls else "end_turn"
