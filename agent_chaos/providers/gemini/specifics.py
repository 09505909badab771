"""What only the Gemini API does: its many reasons to say nothing, blocked prompts, and places where clients meet `null`."""

from __future__ import annotations

from agent_chaos.providers.gemini.parts import TURN
from agent_chaos.providers.specifics import ChunkPlaces, Specifics
from agent_chaos.providers.turn import Opaque

_BLOCKED = {
    "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},
    "modelVersion": TURN,
    "responseId": TURN,
}

SPECIFICS = Specifics(
    answer="candidates",
    null_places={
        "stop": ("candidates", "finishReason"),
        "usage": ("", "usageMetadata"),
        "tool_name": ("functionCall", "name"),
        "arguments": ("functionCall", "args"),
        "message": ("candidates", "content"),
        "text": ("parts", "text"),
    },
    unknown_part=Opaque("hologram", {"part": {"hologram": {"scene": "a block of the future"}}}),
    signed_reasoning={
        "part": {
            "text": "",
            "thought": True,
            "thoughtSignature": "EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pk",
        },
        "chunk": 0,
    },
    empty_stops={
        "RECITATION": "filter",
        "PROHIBITED_CONTENT": "filter",
        "SPII": "filter",
        "BLOCKLIST": "filter",
        "LANGUAGE": "filter",
        "MALFORMED_FUNCTION_CALL": "other",
        "UNEXPECTED_TOOL_CALL": "other",
        "TOO_MANY_TOOL_CALLS": "other",
        "MALFORMED_RESPONSE": "other",
        "MISSING_THOUGHT_SIGNATURE": "other",
    },
    early_stops={"SAFETY": "filter", "RECITATION": "filter", "OTHER": "other"},
    chunks=ChunkPlaces(choices="candidates", content="content", stop="finishReason", named_always=False),
    blocked_prompt={"chunks": [_BLOCKED]},
)
