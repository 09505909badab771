"""What Responses have of their own: responses that say that they failed, lost state, and places where clients meet `null`."""

from __future__ import annotations

from agent_chaos.providers.parts.frames import json_frame
from agent_chaos.providers.specifics import REFUSING, Refused, Specifics, WordedRefusal
from agent_chaos.providers.turn import Opaque, Text

_SAID = {"message": "The server had an error processing your request.", "code": "server_error", "param": None}
_UNKNOWN = {"id": "hg_1", "status": "completed", "type": "hologram", "scene": "a block of the future"}

SPECIFICS = Specifics(
    answer="output",
    null_places={
        "stop": ("response", "status"),
        "usage": ("", "usage"),
        "tool_id": ("function_call", "call_id"),
        "tool_name": ("function_call", "name"),
        "arguments": ("function_call", "arguments"),
        "message": ("message", "content"),
        "text": ("output_text", "text"),
    },
    unknown_part=Opaque("hologram", {"item": _UNKNOWN}),
    signed_reasoning={
        "item": {
            "id": "rs_0a1",
            "type": "reasoning",
            "summary": [],
            "encrypted_content": "EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pk",
        }
    },
    lost_state={
        "not_found": Refused(
            "invalid_request",
            {
                "message": "Previous response with id '{previous}' not found.",
                "param": "previous_response_id",
                "code": "previous_response_not_found",
            },
        )
    },
    worded_refusal=WordedRefusal(
        Text(REFUSING, {"content": {"type": "refusal", "refusal": ""}}), "filter", "completed", apart=True
    ),
    flat_error=json_frame({"type": "error", "sequence_number": 1_000_000, **_SAID}, event="error"),
    early_stops={"content_filter": "filter"},
    failures={
        "server_error": "The server had an error processing your request. Sorry about that!",
        "rate_limit_exceeded": "Rate limit reached for requests.",
    },
)
