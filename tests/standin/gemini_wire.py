"""Gemini generateContent as the provider frames it: CRLF, python-style JSON spacing, whole function calls."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.standin.said import Asked, Said, minted

PROTOCOL = "gemini"
MODEL = "gemini-3-flash"
PATH = r"/models/([^/:]+):(?:streamG|g)enerateContent$"
STATUS = {"auth_error": 400, "payment_required": 400, "payload_too_large": 400}
OBJECTS = ("whole", "streamed")


def headers(asked: Asked, number: int) -> list[tuple[str, str]]:
    kind = "text/event-stream" if asked.stream else "application/json; charset=UTF-8"
    disposition = [("Content-Disposition", "attachment")] if asked.stream else []
    return [
        ("Content-Type", kind),
        *disposition,
        ("Vary", "Origin"),
        ("Vary", "X-Origin"),
        ("Vary", "Referer"),
        ("Date", "Mon, 23 Nov 2026 09:00:00 GMT"),
        ("Server", "scaffolding on HTTPServer2"),
        ("X-XSS-Protection", "0"),
        ("X-Frame-Options", "SAMEORIGIN"),
        ("X-Content-Type-Options", "nosniff"),
        ("Server-Timing", f"gfet4t7; dur={700 + number}"),
        ("X-Gemini-Service-Tier", "standard"),
    ]


def whole(asked: Asked, said: Said, number: int) -> bytes:
    body = _chunk(asked, said, number, _parts(said), finish="STOP")
    return (json.dumps(body, indent=2, ensure_ascii=False) + "\n").encode()


def frames(asked: Asked, said: Said, number: int) -> Iterator[bytes]:
    words = said.words
    pieces = ["".join(words[i : i + 6]) for i in range(0, len(words), 6)]
    texts: list[list[dict[str, Any]]] = [[{"text": piece}] for piece in pieces]
    calls = [part for part in _parts(said) if "functionCall" in part]
    groups = [*texts, *([calls] if calls else [])]
    for i, parts in enumerate(groups):
        finish = "STOP" if i == len(groups) - 1 else None
        text = json.dumps(_chunk(asked, said, number, parts, finish=finish), ensure_ascii=False)
        yield f"data: {text}\r\n\r\n".encode()


def _parts(said: Said) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = [{"text": said.text}] if said.text else []
    return parts + [{"functionCall": {"name": call.name, "args": call.arguments}} for call in said.calls]


def _chunk(
    asked: Asked, said: Said, number: int, parts: list[dict[str, Any]], *, finish: str | None
) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}}
    if finish:
        candidate["finishReason"] = finish
    usage = {
        "promptTokenCount": said.input_tokens,
        "candidatesTokenCount": said.output_tokens,
        "totalTokenCount": said.input_tokens + said.output_tokens,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": said.input_tokens}],
    }
    return {
        "candidates": [{**candidate, "index": 0}],
        "usageMetadata": usage,
        "modelVersion": asked.model,
        "responseId": minted("", number, 22),
    }


def asked(protocol: str, path: str, body: dict[str, Any]) -> Asked:
    """The model and the framing stand in the path."""
    turns = sum(content.get("role") == "model" for content in body["contents"])
    model = path.rpartition("/")[2].partition(":")[0]
    return Asked(protocol, model, body, "streamGenerate" in path, turns)
