"""What Chat Completions have of their own: an error event with flat fields, and values where clients meet `null`."""

from __future__ import annotations

from agent_chaos.providers.frames import json_frame
from agent_chaos.providers.specifics import ChunkPlaces, Specifics

_SAID = {"message": "The server had an error processing your request.", "code": "server_error", "param": None}

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
    # `error` is OpenRouter's word for a provider that failed in the middle of a reply
    early_stops={"content_filter": "filter", "error": "other"},
    chunks=ChunkPlaces(choices="choices", content="delta", stop="finish_reason", named_always=True),
    flat_error=json_frame({"type": "error", "sequence_number": 1_000_000, **_SAID}, event="error"),
)
