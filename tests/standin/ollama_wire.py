"""Ollama's native chat API as its server frames it: a line for each piece, tool calls whole, counts in the last line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.standin.said import Asked, Said

PROTOCOL = "ollama"
MODEL = "qwen3:8b"
PATH = r"/api/chat$"
OBJECTS = ("whole", "streamed")


def headers(asked: Asked, number: int) -> list[tuple[str, str]]:
    kind = "application/x-ndjson" if asked.stream else "application/json; charset=utf-8"
    return [("Content-Type", kind), ("Date", "Mon, 23 Nov 2026 09:00:00 GMT")]


def whole(asked: Asked, said: Said, number: int) -> bytes:
    message: dict[str, Any] = {"role": "assistant", "content": said.text}
    if said.calls:
        message["tool_calls"] = _calls(said)
    return json.dumps(_last(asked, said, number, message), ensure_ascii=False, separators=(",", ":")).encode()


def frames(asked: Asked, said: Said, number: int) -> Iterator[bytes]:
    for at, word in enumerate(said.words):
        yield _line(_envelope(asked, number, at, {"role": "assistant", "content": word}, done=False))
    for at, call in enumerate(_calls(said)):
        message = {"role": "assistant", "content": "", "tool_calls": [call]}
        yield _line(_envelope(asked, number, 50 + at, message, done=False))
    yield _line(_last(asked, said, number, {"role": "assistant", "content": ""}))


def asked(protocol: str, path: str, body: dict[str, Any]) -> Asked:
    """Streaming is what a request asks for that says nothing of it."""
    turns = sum(message["role"] == "assistant" for message in body["messages"])
    return Asked(protocol, body["model"], body, body.get("stream", True), turns)


def _line(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _calls(said: Said) -> list[dict[str, Any]]:
    return [
        {"function": {"index": at, "name": call.name, "arguments": call.arguments}}
        for at, call in enumerate(said.calls)
    ]


def _envelope(asked: Asked, number: int, at: int, message: dict[str, Any], *, done: bool) -> dict[str, Any]:
    created = f"2026-11-23T09:00:{number:02d}.{at:06d}Z"
    return {"model": asked.model, "created_at": created, "message": message, "done": done}


def _last(asked: Asked, said: Said, number: int, message: dict[str, Any]) -> dict[str, Any]:
    return {
        **_envelope(asked, number, 99, message, done=True),
        "done_reason": "stop",
        "total_duration": 5_191_566_416,
        "load_duration": 2_154_458,
        "prompt_eval_count": said.input_tokens,
        "prompt_eval_duration": 383_809_000,
        "eval_count": said.output_tokens,
        "eval_duration": 4_799_921_000,
    }
