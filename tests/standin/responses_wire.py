"""OpenAI Responses as the provider frames it: named events, sequence numbers, the whole response at the end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

from tests.standin import chat_wire
from tests.standin.said import Asked, Called, Said, minted

PROTOCOL = "openai_responses"
MODEL = "gpt-5-mini"
PATH = r"/responses$"
STATUS = {"not_found": 400}


def headers(asked: Asked, number: int) -> list[tuple[str, str]]:
    limits = ("x-ratelimit",) if asked.stream else ()
    return [pair for pair in chat_wire.headers(asked, number) if not pair[0].startswith(limits or ("-",))]


def whole(asked: Asked, said: Said, number: int) -> bytes:
    body = _response(asked, said, number, "completed", _items(said, number))
    return (json.dumps(body, indent=2, ensure_ascii=False) + "\n").encode()


def frames(asked: Asked, said: Said, number: int) -> Iterator[bytes]:
    sequence = count()
    for kind in ("created", "in_progress"):
        started = _response(asked, said, number, "in_progress", [])
        yield _frame(f"response.{kind}", {"response": started}, sequence)
    items = _items(said, number)
    for index, item in enumerate(items):
        if item["type"] == "message":
            yield from _message(item, said, index, sequence)
        else:
            call = said.calls[index - (len(items) - len(said.calls))]
            yield from _function_call(item, call, index, sequence)
    done = _response(asked, said, number, "completed", items)
    yield _frame("response.completed", {"response": done}, sequence)


def _message(item: dict[str, Any], said: Said, index: int, sequence: Iterator[int]) -> Iterator[bytes]:
    place = {"item_id": item["id"], "output_index": index, "content_index": 0}
    started = {**item, "status": "in_progress", "content": []}
    yield _frame("response.output_item.added", {"output_index": index, "item": started}, sequence)
    empty = {"type": "output_text", "annotations": [], "logprobs": [], "text": ""}
    yield _frame("response.content_part.added", {**place, "part": empty}, sequence)
    for word in said.words:
        delta = {**place, "delta": word, "logprobs": [], "obfuscation": minted("", word, 10)}
        yield _frame("response.output_text.delta", delta, sequence)
    yield _frame("response.output_text.done", {**place, "text": said.text, "logprobs": []}, sequence)
    yield _frame("response.content_part.done", {**place, "part": {**empty, "text": said.text}}, sequence)
    yield _frame("response.output_item.done", {"output_index": index, "item": item}, sequence)


def _function_call(
    item: dict[str, Any], call: Called, index: int, sequence: Iterator[int]
) -> Iterator[bytes]:
    place = {"item_id": item["id"], "output_index": index}
    started = {**item, "status": "in_progress", "arguments": ""}
    yield _frame("response.output_item.added", {"output_index": index, "item": started}, sequence)
    for piece in call.pieces:
        delta = {**place, "delta": piece, "obfuscation": minted("", piece, 9)}
        yield _frame("response.function_call_arguments.delta", delta, sequence)
    yield _frame("response.function_call_arguments.done", {**place, "arguments": call.text}, sequence)
    yield _frame("response.output_item.done", {"output_index": index, "item": item}, sequence)


def _items(said: Said, number: int) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    if said.text:
        part = {"type": "output_text", "annotations": [], "logprobs": [], "text": said.text}
        items.append(
            {
                "id": minted("msg_", number, 48).lower(),
                "type": "message",
                "status": "completed",
                "content": [part],
                "role": "assistant",
            }
        )
    for i, call in enumerate(said.calls):
        items.append(
            {
                "id": minted("fc_", (number, i), 48).lower(),
                "type": "function_call",
                "status": "completed",
                "arguments": call.text,
                "call_id": minted("call_", (number, i)),
                "name": call.name,
            }
        )
    return items


def _response(
    asked: Asked, said: Said, number: int, status: str, output: list[dict[str, Any]]
) -> dict[str, Any]:
    done = status == "completed"
    usage = {
        "input_tokens": said.input_tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": said.output_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": said.input_tokens + said.output_tokens,
    }
    return {
        "id": minted("resp_", number, 48).lower(),
        "object": "response",
        "created_at": chat_wire.CREATED + number,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": asked.body.get("instructions"),
        "max_output_tokens": None,
        "model": asked.model,
        "output": output,
        "parallel_tool_calls": True,
        "previous_response_id": asked.body.get("previous_response_id"),
        "reasoning": {"effort": None, "summary": None},
        "store": True,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "tool_choice": "auto",
        "tools": asked.body.get("tools", []),
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": usage if done else None,
        "user": None,
        "metadata": {},
    }


def _frame(kind: str, value: dict[str, Any], sequence: Iterator[int]) -> bytes:
    body = {"type": kind, "sequence_number": next(sequence), **value}
    return f"event: {kind}\ndata: {json.dumps(body, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()
