"""Where Chat Completions say what: the places of their bodies and chunks that faults ask for."""

from __future__ import annotations

from agent_chaos.providers.specifics import ChunkPlaces

NULL_PLACES = {
    "stop": ("choices", "finish_reason"),
    "usage": ("", "usage"),
    "tool_id": ("tool_calls", "id"),
    "tool_name": ("function", "name"),
    "arguments": ("function", "arguments"),
    "message": ("choices", "message"),
    "text": ("message", "content"),
}
CHUNKS = ChunkPlaces(choices="choices", content="delta", stop="finish_reason", named_always=True)
