"""The last event of a stream says less than the events before it."""

from __future__ import annotations

from typing import Any, Literal

from agent_chaos.faults.family import DELIVERY, Frequency
from agent_chaos.faults.fault import Choice, StreamFault, Target
from agent_chaos.faults.parts.stream_frames import json_events, with_json_events
from agent_chaos.providers.json_values import fields
from agent_chaos.stream.exchange import Reply


class HollowCompletion(StreamFault, frozen=True):
    """`response.completed` with an empty `output`, although the deltas before it held the whole reply.

    Source: QuantumNous/new-api#4362, open-webui/open-webui#27800, agentgateway/agentgateway#3326.
    """

    family = DELIVERY
    frequency = Frequency.SOMETIMES
    needs = frozenset({"completion_event"})

    kind: Literal["hollow_completion"] = "hollow_completion"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if _hollowed(json_events(target)) else ()

    def apply(self, target: Target) -> Reply:
        changed = _hollowed(json_events(target))
        return with_json_events(target, changed) if changed else target.reply

    def describe(self) -> str:
        return "the event that completes the reply has an empty output"


def _hollowed(events: list[Any]) -> dict[int, list[Any]]:
    return {
        at: [{**event, "response": {**event["response"], "output": []}}]
        for at, event in enumerate(events)
        if fields(event).get("type") == "response.completed" and fields(event.get("response")).get("output")
    }
