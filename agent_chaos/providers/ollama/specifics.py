"""Where clients of Ollama meet `null`: its Go server leaves most fields out, and says `null` for an empty list."""

from __future__ import annotations

from agent_chaos.providers.specifics import Specifics

SPECIFICS = Specifics(
    null_places={
        "stop": ("", "done_reason"),
        "tool_name": ("function", "name"),
        "arguments": ("function", "arguments"),
        "message": ("", "message"),
        "text": ("message", "content"),
    },
)
