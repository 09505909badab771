"""A tool call says who it is in each of its pieces."""

from __future__ import annotations

from typing import Any, Literal

from agent_chaos.faults.family import DIVISION, Frequency
from agent_chaos.faults.fault import Choice, StreamFault, Target
from agent_chaos.faults.parts.chat_delta import call_fragments, with_calls
from agent_chaos.faults.parts.stream_frames import json_events, with_json_events
from agent_chaos.providers.json_values import fields
from agent_chaos.stream.exchange import Reply


class RepeatedIdentity(StreamFault, frozen=True):
    """Every delta of a streamed tool call repeats its id and name, which a client must set and not append.

    Source: continuedev/continue#5849, NousResearch/hermes-agent#11984, mcowger/plexus#722 (names sent in every delta).
    """

    family = DIVISION
    frequency = Frequency.SOMETIMES
    needs = frozenset({"call_fragments"})
    transparent = True

    kind: Literal["repeated_identity"] = "repeated_identity"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if _repeated(json_events(target)) else ()

    def apply(self, target: Target) -> Reply:
        changed = _repeated(json_events(target))
        return with_json_events(target, changed) if changed else target.reply

    def describe(self) -> str:
        return "every piece of a tool call repeats its id and name"


def _repeated(chunks: list[Any]) -> dict[int, list[Any]]:
    """By frame: the chunk with the identity of the calls that it goes on with."""
    known: dict[Any, dict[str, Any]] = {}
    found: dict[int, list[Any]] = {}
    for at, chunk in enumerate(chunks):
        calls = call_fragments(chunk)
        told = [_identified(call, known) for call in calls]
        if told != calls:
            found[at] = [with_calls(chunk, told)]
    return found


def _identified(call: dict[str, Any], known: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    """The fragment with the identity of its call; one that begins a call is noted."""
    if call.get("id"):
        known[call.get("index")] = call
        return call
    begun = known.get(call.get("index"))
    # Another fault may have taken the id, or the whole beginning of the call.
    if begun is None or "function" not in begun:
        return call
    function = {**fields(call.get("function")), "name": fields(begun["function"]).get("name")}
    return {**call, "id": begun["id"], "function": function}
