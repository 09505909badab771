"""The desk on Gemini, whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from google import genai

from benchmarks.bugs.desk import TOOLS, Heard, Turn, heard
from benchmarks.bugs.wires import ASKED, TIMEOUT_S, Now


def gemini(now: Now) -> Callable[[tuple[Turn, ...]], Heard]:
    """Gemini, whole."""
    client = genai.Client(api_key="offline", http_options={"timeout": int(TIMEOUT_S * 1000)})
    declared = [{"name": name, "parameters_json_schema": schema} for name, schema in TOOLS.items()]

    def ask(turns: tuple[Turn, ...]) -> Heard:
        contents: list[Any] = [{"role": "user", "parts": [{"text": ASKED}]}]
        for turn in turns:
            said = [{"text": turn.heard.text}] if turn.heard.text else []
            used = [{"function_call": {"name": name, "args": given}} for _, name, given in turn.heard.calls]
            results = [
                {"function_response": {"name": name, "response": {"error" if bad else "output": text}}}
                for _, name, text, bad in turn.results
            ]
            contents += [{"role": "model", "parts": [*said, *used]}, {"role": "user", "parts": results}]
        config: Any = {"tools": [{"function_declarations": declared}]}
        got = client.models.generate_content(model="gemini-3-flash", contents=contents, config=config)
        (candidate,) = got.candidates or ()
        parts = candidate.content.parts
        calls = [
            (f"call_{i}", part.function_call.name, json.dumps(part.function_call.args))
            for i, part in enumerate(parts)
            if part.function_call
        ]
        text = "".join(part.text for part in parts if part.text and not part.thought)
        ended = candidate.finish_reason is not None and candidate.finish_reason.value == "STOP"
        return heard(text, calls, ended=ended, wants_tools=bool(calls))

    return ask
