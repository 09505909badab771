"""OpenAI Chat Completions as the provider frames it: data lines only, obfuscation, a usage chunk, [DONE]."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.standin.said import Asked, Said, minted

PROTOCOL = "openai_chat"
MODEL = "gpt-5-mini"
PATH = r"/chat/completions$"

CREATED = 1_795_424_400


def headers(asked: Asked, number: int) -> list[tuple[str, str]]:
    kind = "text/event-stream; charset=utf-8" if asked.stream else "application/json"
    return [
        ("Date", "Mon, 23 Nov 2026 09:00:00 GMT"),
        ("Content-Type", kind),
        ("access-control-expose-headers", "X-Request-ID"),
        ("openai-organization", "user-r4nd0m0rg4n1s4t10n"),
        ("openai-processing-ms", "642"),
        ("openai-project", "proj_Zx81QmPq7TtLr0aVbN3kYw5d"),
        ("openai-version", "2020-10-01"),
        ("x-envoy-upstream-service-time", "668"),
        ("x-ratelimit-limit-requests", "10000"),
        ("x-ratelimit-limit-tokens", "2000000"),
        ("x-ratelimit-remaining-requests", str(9_999 - number)),
        ("x-ratelimit-remaining-tokens", "1999871"),
        ("x-ratelimit-reset-requests", "6ms"),
        ("x-ratelimit-reset-tokens", "3ms"),
        ("x-request-id", minted("req_", number, 32).lower()),
        ("x-openai-proxy-wasm", "v0.1"),
        ("Server", "cloudflare"),
        ("CF-RAY", f"9b{number:014x}-AMS"),
    ]


def whole(asked: Asked, said: Said, number: int) -> bytes:
    message: dict[str, Any] = {"role": "assistant", "content": said.text or None}
    if said.calls:
        message["tool_calls"] = [
            {"id": _call_id(number, i), "type": "function", "function": {"name": c.name, "arguments": c.text}}
            for i, c in enumerate(said.calls)
        ]
    message |= {"refusal": None, "annotations": []}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(said)}
    body = {**_envelope(asked, number, "chat.completion"), "choices": [choice], "usage": _usage(said)}
    body |= {"service_tier": "default", "system_fingerprint": "fp_4c2851f862"}
    return (json.dumps(body, indent=2, ensure_ascii=False) + "\n").encode()


def frames(asked: Asked, said: Said, number: int) -> Iterator[bytes]:
    first: dict[str, Any] = {"role": "assistant", "content": None if said.calls and not said.text else ""}
    yield _chunk(asked, number, {**first, "refusal": None})
    for word in said.words:
        yield _chunk(asked, number, {"content": word})
    for i, call in enumerate(said.calls):
        function = {"name": call.name, "arguments": ""}
        yield _chunk(
            asked,
            number,
            {
                "tool_calls": [
                    {"index": i, "id": _call_id(number, i), "type": "function", "function": function}
                ]
            },
        )
        for piece in call.pieces:
            yield _chunk(asked, number, {"tool_calls": [{"index": i, "function": {"arguments": piece}}]})
    yield _chunk(asked, number, {}, finish=_finish(said))
    if (asked.body.get("stream_options") or {}).get("include_usage"):
        body = {**_envelope(asked, number, "chat.completion.chunk"), "choices": [], "usage": _usage(said)}
        yield _line({**body, "obfuscation": ""})
    yield b"data: [DONE]\n\n"


def _chunk(asked: Asked, number: int, delta: dict[str, Any], *, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    body: dict[str, Any] = {**_envelope(asked, number, "chat.completion.chunk"), "choices": [choice]}
    if (asked.body.get("stream_options") or {}).get("include_usage"):
        body["usage"] = None
    noise = minted("", (number, json.dumps(delta)), 12)[: 4 + len(json.dumps(delta)) % 8]
    return _line({**body, "obfuscation": noise})


def _line(value: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()


def _envelope(asked: Asked, number: int, kind: str) -> dict[str, Any]:
    head = {"id": minted("chatcmpl-", number, 29), "object": kind, "created": CREATED + number}
    tail = (
        {"service_tier": "default", "system_fingerprint": "fp_4c2851f862"} if kind.endswith("chunk") else {}
    )
    return {**head, "model": asked.model, **tail}


def _call_id(number: int, index: int) -> str:
    return minted("call_", (number, index))


def _usage(said: Said) -> dict[str, Any]:
    return {
        "prompt_tokens": said.input_tokens,
        "completion_tokens": said.output_tokens,
        "total_tokens": said.input_tokens + said.output_tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def _finish(said: Said) -> str:
    return "tool_calls" if said.calls else "stop"
