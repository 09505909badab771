"""What only Converse does: its reasons to stop without an answer, signed thoughts, and places where clients meet `null`."""

from __future__ import annotations

from agent_chaos.providers.specifics import Specifics, WordedRefusal
from agent_chaos.providers.turn import Opaque, Text

SPECIFICS = Specifics(
    null_places={
        "stop": ("", "stopReason"),
        "usage": ("", "usage"),
        "tool_id": ("toolUse", "toolUseId"),
        "tool_name": ("toolUse", "name"),
        "arguments": ("toolUse", "input"),
        "message": ("output", "message"),
        "text": ("content", "text"),
    },
    unknown_part=Opaque("hologram", {"hologram": {"scene": "a block of the future"}}),
    signed_reasoning={"signature": "EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pk"},
    # A guardrail puts its own message in the place of what the model said; this is the default one.
    worded_refusal=WordedRefusal(
        Text("Sorry, the model cannot answer this question."), "filter", "guardrail_intervened"
    ),
    empty_stops={
        "content_filtered": "filter",
        "guardrail_intervened": "filter",
        "malformed_model_output": "other",
        "malformed_tool_use": "other",
    },
    early_stops={
        "content_filtered": "filter",
        "guardrail_intervened": "filter",
        "model_context_window_exceeded": "length",
    },
)
