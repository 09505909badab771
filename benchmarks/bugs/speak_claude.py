"""The desk on Anthropic's messages, streamed or awaited."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import anthropic

from benchmarks.bugs.desk import TOOLS, Heard, Turn, heard
from benchmarks.bugs.wires import ASKED, REPLY_S, TIMEOUT_S, Now


def claude(turns: tuple[Turn, ...]) -> dict[str, Any]:
    """The request for Anthropic's messages."""
    messages: list[Any] = [{"role": "user", "content": ASKED}]
    for turn in turns:
        used = [
            {"type": "tool_use", "id": id, "name": name, "input": given}
            for id, name, given in turn.heard.calls
        ]
        said = [{"type": "text", "text": turn.heard.text}] if turn.heard.text else []
        results = [
            {"type": "tool_result", "tool_use_id": id, "content": text, **({"is_error": True} if bad else {})}
            for id, _, text, bad in turn.results
        ]
        messages += [{"role": "assistant", "content": [*said, *used]}, {"role": "user", "content": results}]
    tools = [{"name": name, "description": name, "input_schema": schema} for name, schema in TOOLS.items()]
    return {"model": "claude-sonnet-5", "max_tokens": 1024, "tools": tools, "messages": messages}


def _claude_heard(message: Any, raw: dict[str, str]) -> Heard:
    calls = [
        (block.id, block.name, raw.get(block.id, json.dumps(block.input)))
        for block in message.content
        if block.type == "tool_use"
    ]
    text = "".join(block.text for block in message.content if block.type == "text")
    stop = message.stop_reason
    return heard(text, calls, ended=stop in ("end_turn", "tool_use"), wants_tools=stop == "tool_use")


def claude_stream(now: Now) -> Callable[[tuple[Turn, ...]], Heard]:
    """Anthropic, streamed."""
    client = anthropic.Anthropic(max_retries=0, timeout=TIMEOUT_S)

    def ask(turns: tuple[Turn, ...]) -> Heard:
        raw: dict[str, str] = {}
        blocks: dict[int, str] = {}
        ended, deadline = False, now() + REPLY_S
        with client.messages.stream(**claude(turns)) as stream:
            for event in stream:
                if now() > deadline:
                    raise ValueError("the stream trickles")
                if event.type == "content_block_start" and event.content_block.type == "tool_use":
                    blocks[event.index] = event.content_block.id
                elif event.type == "content_block_delta" and event.delta.type == "input_json_delta":
                    key = blocks.get(event.index, "")
                    raw[key] = raw.get(key, "") + event.delta.partial_json
                ended = ended or event.type == "message_stop"
            message = stream.get_final_message()
        if not ended:
            raise ValueError("the stream ended early")
        return _claude_heard(message, {id: given or "{}" for id, given in raw.items()})

    return ask


def claude_async(now: Now) -> Callable[[tuple[Turn, ...]], Any]:
    """Anthropic, awaited."""
    client = anthropic.AsyncAnthropic(max_retries=0, timeout=TIMEOUT_S)

    async def ask(turns: tuple[Turn, ...]) -> Heard:
        return _claude_heard(await client.messages.create(**claude(turns)), {})

    return ask
