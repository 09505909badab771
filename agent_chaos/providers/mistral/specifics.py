"""What only Mistral's replies have: a failure as a reason to stop, and the places where they say `null`."""

from __future__ import annotations

from agent_chaos.providers.chat_completions.places import CHUNKS, NULL_PLACES
from agent_chaos.providers.specifics import Specifics

SPECIFICS = Specifics(
    answer="choices",
    null_places=NULL_PLACES,
    early_stops={"error": "other"},
    chunks=CHUNKS,
)
