"""The signature of a text comes in a part of its own."""

from __future__ import annotations

from typing import Any, Literal

from agent_chaos.faults.family import DIVISION, Frequency
from agent_chaos.faults.fault import Choice, StreamFault, Target
from agent_chaos.faults.parts.stream_frames import json_events, with_json_events
from agent_chaos.providers.json_values import fields, items
from agent_chaos.stream.exchange import Reply

_SIGNATURE = "thoughtSignature"


class SignatureAlone(StreamFault, frozen=True):
    """A thought signature comes behind its text, in a part whose text is empty; the next request must bring it back.

    Source: https://ai.google.dev/gemini-api/docs/thought-signatures, vercel/ai#12402, strands-agents/harness-sdk#3306,
    googleapis/python-genai#1938.
    """

    family = DIVISION
    frequency = Frequency.SOMETIMES
    changes = ("other_parts",)
    needs = frozenset({"signed_text"})
    transparent = True

    kind: Literal["signature_alone"] = "signature_alone"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if _apart(json_events(target)) else ()

    def apply(self, target: Target) -> Reply:
        changed = _apart(json_events(target))
        return with_json_events(target, changed) if changed else target.reply

    def describe(self) -> str:
        return "the signature of a text comes in a part of its own"


def _apart(chunks: list[Any]) -> dict[int, list[Any]]:
    """By frame: the chunk whose signed texts are each followed by a part that holds the signature."""
    found: dict[int, list[Any]] = {}
    for at, chunk in enumerate(chunks):
        candidates = items(fields(chunk).get("candidates"))
        content = fields(fields(candidates[0]).get("content")) if candidates else {}
        parts = items(content.get("parts"))
        told = [one for part in parts for one in _divided(fields(part))]
        if len(told) > len(parts):
            candidate = {**candidates[0], "content": {**content, "parts": told}}
            found[at] = [{**chunk, "candidates": [candidate, *candidates[1:]]}]
    return found


def _divided(part: dict[str, Any]) -> list[dict[str, Any]]:
    if not part.get("text") or _SIGNATURE not in part:
        return [part]
    said = {name: value for name, value in part.items() if name != _SIGNATURE}
    # The rest of the part is in both (`thought: true`), since a client sorts each part by it.
    return [said, {**said, "text": "", _SIGNATURE: part[_SIGNATURE]}]
