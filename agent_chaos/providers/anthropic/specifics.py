"""What only Anthropic does: threads it keeps, spend limits, blocks and values where clients meet `null`."""

from __future__ import annotations

from agent_chaos.providers.specifics import REFUSING, Refused, Specifics, WordedRefusal
from agent_chaos.providers.turn import Opaque, Text

_THREADS = {
    "not_found": "Thread not found.",
    "already_continued": "The thread has already been continued from this message.",
    "continue_in_flight": "Another request is continuing the thread from this message.",
    "fingerprint_mismatch": "The thread was created with another model, system prompt or tools.",
    "unsupported_request": "The thread cannot be continued with this request.",
}

SPECIFICS = Specifics(
    answer="content",
    null_places={
        "stop": ("", "stop_reason"),
        "usage": ("", "usage"),
        "tool_id": ("tool_use", "id"),
        "tool_name": ("tool_use", "name"),
        "arguments": ("tool_use", "input"),
        "text": ("text", "text"),
    },
    unknown_part=Opaque("hologram", {"type": "hologram", "scene": "a block of the future"}),
    signed_reasoning={"signature": "EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pk"},
    lost_state={
        why: Refused(
            "not_found" if why == "not_found" else "invalid_request",
            {"message": message, "details": {"error_code": f"thread_{why}"}},
        )
        for why, message in _THREADS.items()
    },
    worded_refusal=WordedRefusal(Text(REFUSING), "filter", "refusal"),
    early_stops={"refusal": "filter", "model_context_window_exceeded": "length"},
    spend_limits={
        "enforced_spend_limit_reached": "You have reached your specified API usage limits.",
        "contract_spend_limit_reached": "Your organization has reached the spend limit of its contract.",
    },
    ramp_limit="Your organization's usage grows faster than its limits allow.",
)
