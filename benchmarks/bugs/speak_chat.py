"""The desk on OpenAI's chat completions, whole or streamed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import openai

from benchmarks.bugs.desk import TOOLS, Heard, Turn, heard
from benchmarks.bugs.wires import ASKED, REPLY_S, TIMEOUT_S, Now


def chat(turns: tuple[Turn, ...]) -> dict[str, Any]:
    """The request for OpenAI's chat completions."""
    messages: list[Any] = [{"role": "user", "content": ASKED}]
    for turn in turns:
        calls = [
            {"id": id, "type": "function", "function": {"name": name, "arguments": json.dumps(given)}}
            for id, name, given in turn.heard.calls
        ]
        messages.append({"role": "assistant", "content": turn.heard.text or None, "tool_calls": calls})
        messages += [{"role": "tool", "tool_call_id": id, "content": text} for id, _, text, _ in turn.results]
    tools = [
        {"type": "function", "function": {"name": name, "parameters": schema}}
        for name, schema in TOOLS.items()
    ]
    return {"model": "gpt-5-mini", "messages": messages, "tools": tools}


def _chat_heard(choice: Any) -> Heard:
    message = choice.message
    calls = [(one.id, one.function.name, one.function.arguments) for one in message.tool_calls or ()]
    ended = choice.finish_reason in ("stop", "tool_calls") and not message.refusal
    return heard(message.content or "", calls, ended=ended, wants_tools=choice.finish_reason == "tool_calls")


def chat_sync(now: Now) -> Callable[[tuple[Turn, ...]], Heard]:
    """OpenAI's chat completions."""
    client = openai.OpenAI(max_retries=0, timeout=TIMEOUT_S)

    def ask(turns: tuple[Turn, ...]) -> Heard:
        (choice,) = client.chat.completions.create(**chat(turns)).choices
        return _chat_heard(choice)

    return ask


def chat_stream(now: Now) -> Callable[[tuple[Turn, ...]], Any]:
    """OpenAI's chat completions, streamed and awaited."""
    client = openai.AsyncOpenAI(max_retries=0, timeout=TIMEOUT_S)

    async def ask(turns: tuple[Turn, ...]) -> Heard:
        text, finish, refused, deadline = "", "", False, now() + REPLY_S
        calls: dict[int, list[str]] = {}
        async with await client.chat.completions.create(**chat(turns), stream=True) as stream:
            async for chunk in stream:
                if now() > deadline:
                    raise ValueError("the stream trickles")
                for choice in chunk.choices:
                    text += choice.delta.content or ""
                    refused = refused or bool(choice.delta.refusal)
                    finish = choice.finish_reason or finish
                    for part in choice.delta.tool_calls or ():
                        one = calls.setdefault(part.index, ["", "", ""])
                        given = part.function
                        one[0] += part.id or ""
                        one[1] += (given.name if given else "") or ""
                        one[2] += (given.arguments if given else "") or ""
        ended = finish in ("stop", "tool_calls") and not refused
        made = [(id, name, given) for id, name, given in calls.values()]
        return heard(text, made, ended=ended, wants_tools=finish == "tool_calls")

    return ask
