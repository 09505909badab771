"""What Chat Completions have of their own: an error event with flat fields, and values where clients meet `null`."""

from __future__ import annotations

from agent_chaos.providers.chat_completions.places import CHUNKS, NULL_PLACES
from agent_chaos.providers.parts.frames import json_frame
from agent_chaos.providers.specifics import REFUSING, Specifics, WordedRefusal
from agent_chaos.providers.turn import Opaque

_SAID = {"message": "The server had an error processing your request.", "code": "server_error", "param": None}

SPECIFICS = Specifics(
    answer="choices",
    null_places=NULL_PLACES,
    worded_refusal=WordedRefusal(Opaque("refusal", {"refusal": REFUSING}), "end", "stop", apart=True),
    # `error` is OpenRouter's word for a provider that failed in the middle of a reply
    early_stops={"content_filter": "filter", "error": "other"},
    chunks=CHUNKS,
    flat_error=json_frame({"type": "error", "sequence_number": 1_000_000, **_SAID}, event="error"),
)
