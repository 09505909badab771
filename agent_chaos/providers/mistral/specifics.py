"""What only Mistral's replies have: a failure as a reason to stop, and the places where they say `null`."""

from __future__ import annotations

from agent_chaos.providers.specifics import ChunkPlaces, Specifics

SPECIFICS = Specifics(
    answer="choices",
    null_places={
        "stop": ("choices", "finish_reason"),
        "usage": ("", "usage"),
        "tool_id": ("tool_calls", "id"),
        "tool_name": ("function", "name"),
        "arguments": ("function", "arguments"),
        "message": ("choices", "message"),
        "text": ("message", "content"),
    },
    early_stops={"error": "other"},
    chunks=ChunkPlaces(choices="choices", content="delta", stop="finish_reason", named_always=True),
)
