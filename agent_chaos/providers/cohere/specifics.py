"""Where clients of Cohere meet `null`, and the reason with which its replies break off."""

from __future__ import annotations

from agent_chaos.providers.specifics import Specifics

SPECIFICS = Specifics(
    null_places={
        "stop": ("", "finish_reason"),
        "tool_name": ("function", "name"),
        "arguments": ("function", "arguments"),
        "message": ("", "message"),
        "text": ("text", "text"),
    },
    early_stops={"TIMEOUT": "other"},
)
