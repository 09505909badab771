"""The desk on OpenAI's responses, whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import openai

from benchmarks.bugs.desk import TOOLS, Heard, Turn, heard
from benchmarks.bugs.wires import ASKED, TIMEOUT_S, Now


def responses(now: Now) -> Callable[[tuple[Turn, ...]], Heard]:
    """OpenAI's responses, whole."""
    client = openai.OpenAI(max_retries=0, timeout=TIMEOUT_S)
    tools: Any = [
        {"type": "function", "name": name, "parameters": schema, "strict": False}
        for name, schema in TOOLS.items()
    ]

    def ask(turns: tuple[Turn, ...]) -> Heard:
        items: list[Any] = [{"role": "user", "content": ASKED}]
        for turn in turns:
            items += [
                {"type": "function_call", "call_id": id, "name": name, "arguments": json.dumps(given)}
                for id, name, given in turn.heard.calls
            ]
            items += [
                {"type": "function_call_output", "call_id": id, "output": text}
                for id, _, text, _ in turn.results
            ]
        got = client.responses.create(model="gpt-5-mini", input=items, tools=tools, store=False)
        calls = [(one.call_id, one.name, one.arguments) for one in got.output if one.type == "function_call"]
        states = {getattr(one, "status", None) for one in got.output} - {None}
        ended = got.status == "completed" and got.error is None and states <= {"completed"}
        kinds = {part.type for one in got.output if one.type == "message" for part in one.content}
        return heard(got.output_text, calls, ended=ended and "refusal" not in kinds, wants_tools=bool(calls))

    return ask
