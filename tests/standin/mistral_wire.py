"""Mistral's chat API as the provider frames it: tool calls whole, the reason to stop and the counts in the last chunk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.standin.said import Asked, Said, minted

PROTOCOL = "mistral"
MODEL = "mistral-medium-latest"
HOST = "api.mistral.ai"
PATH = r"/chat/completions$"
STATUS = {"not_found": 400}
FLAT_ERRORS = True


def headers(asked: Asked, number: int) -> list[tuple[str, str]]:
    kind = "text/event-stream; charset=utf-8" if asked.stream else "application/json"
    return [
        ("date", "Mon, 23 Nov 2026 09:00:00 GMT"),
        ("content-type", kind),
        ("mistral-correlation-id", f"019b98cb-9ba7-7ce1-9414-{number:012x}"),
        ("x-kong-request-id", f"019b98cb-9ba7-7ce1-9414-{number:012x}"),
        ("x-envoy-upstream-service-time", "131"),
        ("access-control-allow-origin", "*"),
        ("server", "cloudflare"),
    ]


def whole(asked: Asked, said: Said, number: int) -> bytes:
    message = {"role": "assistant", "tool_calls": _calls(said, number) or None, "content": said.text}
    choice = {"index": 0, "message": message, "finish_reason": _finish(said)}
    body = {**_envelope(asked, number, "chat.completion"), "usage": _usage(said), "choices": [choice]}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def frames(asked: Asked, said: Said, number: int) -> Iterator[bytes]:
    yield _chunk(asked, number, {"role": "assistant", "content": ""})
    for word in said.words:
        yield _chunk(asked, number, {"content": word})
    last = {"content": "", "tool_calls": _calls(said, number)} if said.calls else {"content": ""}
    yield _chunk(asked, number, last, finish=_finish(said), usage=_usage(said))
    yield b"data: [DONE]\n\n"


def _chunk(
    asked: Asked,
    number: int,
    delta: dict[str, Any],
    *,
    finish: str | None = None,
    usage: dict[str, Any] | None = None,
) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    body = {**_envelope(asked, number, "chat.completion.chunk"), "choices": [choice]}
    counted = {**body, "usage": usage} if usage else body
    return f"data: {json.dumps(counted, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()


def _envelope(asked: Asked, number: int, kind: str) -> dict[str, Any]:
    digits = minted("", number, 32).lower().replace("o", "0")
    return {"id": digits, "object": kind, "created": 1_795_424_400 + number, "model": asked.model}


def _calls(said: Said, number: int) -> list[dict[str, Any]]:
    return [
        {
            "id": minted("", (number, at), 9),
            "function": {"name": call.name, "arguments": call.text},
            "index": at,
        }
        for at, call in enumerate(said.calls)
    ]


def _usage(said: Said) -> dict[str, Any]:
    total = said.input_tokens + said.output_tokens
    return {
        "prompt_tokens": said.input_tokens,
        "total_tokens": total,
        "completion_tokens": said.output_tokens,
    }


def _finish(said: Said) -> str:
    return "tool_calls" if said.calls else "stop"
