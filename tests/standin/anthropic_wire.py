"""Anthropic Messages as the provider frames it: padded JSON, a ping after the first block start, no [DONE]."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.standin.said import Asked, Said, minted

PROTOCOL = "anthropic_messages"
MODEL = "claude-sonnet-5"
PATH = r"/v1/messages$"
STATUS = {"overloaded": 529, "quota_exhausted": 400}
OBJECTS = ("whole",)


def headers(asked: Asked, number: int) -> list[tuple[str, str]]:
    kind = "text/event-stream; charset=utf-8" if asked.stream else "application/json"
    stamp = "2026-11-23T09:00:01Z"
    buckets = (("requests", 4000), ("input-tokens", 400000), ("output-tokens", 80000), ("tokens", 480000))
    limits = [
        (f"anthropic-ratelimit-{name}-{part}", value)
        for name, limit in buckets
        for part, value in (("limit", str(limit)), ("remaining", str(limit - number)), ("reset", stamp))
    ]
    cache = [("cache-control", "no-cache")] if asked.stream else []
    return [
        ("date", "Mon, 23 Nov 2026 09:00:00 GMT"),
        ("content-type", kind),
        *cache,
        *limits,
        ("request-id", minted("req_", number)),
        ("strict-transport-security", "max-age=31536000; includeSubDomains; preload"),
        ("anthropic-organization-id", "8f0b2c1e-5d43-4a57-9c1a-2b7f6e0d9a11"),
        ("server", "cloudflare"),
        ("x-envoy-upstream-service-time", "812"),
        ("cf-cache-status", "DYNAMIC"),
        ("x-robots-tag", "none"),
        ("cf-ray", f"9a{number:014x}-FRA"),
    ]


def whole(asked: Asked, said: Said, number: int) -> bytes:
    content: list[dict[str, Any]] = [{"type": "text", "text": said.text}] if said.text else []
    for i, call in enumerate(said.calls):
        content.append(
            {
                "type": "tool_use",
                "id": minted("toolu_01", (number, i)),
                "name": call.name,
                "input": call.arguments,
            }
        )
    message = {**_envelope(asked, said, number), "content": content, "stop_reason": _stop(said)}
    message["usage"] = {**_usage(said), "output_tokens": said.output_tokens, "service_tier": "standard"}
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def frames(asked: Asked, said: Said, number: int) -> Iterator[bytes]:
    start = {**_envelope(asked, said, number), "content": [], "stop_reason": None}
    start["usage"] = {**_usage(said), "output_tokens": 3, "service_tier": "standard"}
    yield _frame({"type": "message_start", "message": start}, number)
    index = 0
    if said.text:
        yield from _block(
            index, {"type": "text", "text": ""}, [{"type": "text_delta", "text": w} for w in said.words]
        )
        index += 1
    for i, call in enumerate(said.calls):
        block = {"type": "tool_use", "id": minted("toolu_01", (number, i)), "name": call.name, "input": {}}
        pieces = ["", *call.pieces]
        yield from _block(
            index, block, [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
        )
        index += 1
    delta = {"stop_reason": _stop(said), "stop_sequence": None}
    yield _frame({"type": "message_delta", "delta": delta, "usage": {"output_tokens": said.output_tokens}}, 3)
    yield _frame({"type": "message_stop"}, 7)


def _block(index: int, block: dict[str, Any], deltas: list[dict[str, Any]]) -> Iterator[bytes]:
    yield _frame({"type": "content_block_start", "index": index, "content_block": block}, index + 5)
    if index == 0:
        yield b'event: ping\ndata: {"type": "ping"}\n\n'
    for i, delta in enumerate(deltas):
        yield _frame({"type": "content_block_delta", "index": index, "delta": delta}, i * 3)
    yield _frame({"type": "content_block_stop", "index": index}, index + 9)


def _frame(value: dict[str, Any], salt: int) -> bytes:
    """One event; the provider pads its JSON with spaces before the last brace."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    padded = f"{text[:-1]}{' ' * (salt * 7 % 16)}}}"
    return f"event: {value['type']}\ndata: {padded}\n\n".encode()


def _envelope(asked: Asked, said: Said, number: int) -> dict[str, Any]:
    return {
        "model": asked.model,
        "id": minted("msg_01", number),
        "type": "message",
        "role": "assistant",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {},
    }


def _usage(said: Said) -> dict[str, Any]:
    return {"input_tokens": said.input_tokens, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}


def _stop(said: Said) -> str:
    return "tool_use" if said.calls else "end_turn"
