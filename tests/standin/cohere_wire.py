"""Cohere's chat API as the provider frames it: events named by their type, a plan before tool calls, calls in fragments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.standin.said import Asked, Called, Said, minted

PROTOCOL = "cohere"
MODEL = "command-a-03-2025"
PATH = r"/v2/chat$"
FLAT_ERRORS = True


def headers(asked: Asked, number: int) -> list[tuple[str, str]]:
    kind = "text/event-stream" if asked.stream else "application/json"
    return [
        ("date", "Mon, 23 Nov 2026 09:00:00 GMT"),
        ("content-type", kind),
        ("num_chars", "2635"),
        ("num_tokens", "92"),
        ("x-debug-trace-id", minted("", number, 32).lower()),
        ("x-endpoint-monthly-call-limit", "1000"),
        ("x-trial-endpoint-call-limit", "40"),
        ("x-trial-endpoint-call-remaining", str(39 - number)),
        ("server", "envoy"),
        ("via", "1.1 google"),
    ]


def whole(asked: Asked, said: Said, number: int) -> bytes:
    message: dict[str, Any] = {"role": "assistant"}
    if said.text:
        message["content"] = [{"type": "text", "text": said.text}]
    if said.calls:
        message["tool_calls"] = [_call(call, number, at, call.text) for at, call in enumerate(said.calls)]
    body = {
        "id": _id(number),
        "message": message,
        "finish_reason": _finish(said),
        "usage": _usage(said),
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def frames(asked: Asked, said: Said, number: int) -> Iterator[bytes]:
    empty = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    yield _frame({"id": _id(number), "type": "message-start", "delta": {"message": empty}})
    if said.text:
        yield _content("start", {"type": "text", "text": ""})
        for word in said.words:
            yield _content("delta", {"text": word})
        yield _frame({"type": "content-end", "index": 0})
    for at, call in enumerate(said.calls):
        yield _calling("start", at, _call(call, number, at, ""))
        for piece in call.pieces:
            yield _calling("delta", at, {"function": {"arguments": piece}})
        yield _frame({"type": "tool-call-end", "index": at})
    ending = {"finish_reason": _finish(said), "usage": _usage(said)}
    yield _frame({"type": "message-end", "delta": ending})
    yield b"data: [DONE]\n\n"


def _content(kind: str, content: dict[str, Any]) -> bytes:
    return _frame({"type": f"content-{kind}", "index": 0, "delta": {"message": {"content": content}}})


def _calling(kind: str, at: int, call: dict[str, Any]) -> bytes:
    return _frame({"type": f"tool-call-{kind}", "index": at, "delta": {"message": {"tool_calls": call}}})


def _call(call: Called, number: int, at: int, arguments: str) -> dict[str, Any]:
    named = f"{call.name}_{minted('', (number, at), 12).lower()}"
    return {"id": named, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _frame(value: dict[str, Any]) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return f"event: {value['type']}\ndata: {text}\n\n".encode()


def _id(number: int) -> str:
    return f"c14c80c3-18eb-4519-9460-{number:012x}"


def _finish(said: Said) -> str:
    return "TOOL_CALL" if said.calls else "COMPLETE"


def _usage(said: Said) -> dict[str, Any]:
    counted = {"input_tokens": said.input_tokens, "output_tokens": said.output_tokens}
    return {"billed_units": counted, "tokens": counted}
