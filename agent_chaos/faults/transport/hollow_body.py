"""JSON of the right form, with nothing where the answer stands."""

from __future__ import annotations

from typing import Any, Literal

from agent_chaos.faults.family import BODY, Frequency
from agent_chaos.faults.fault import Choice, Target, TransportFault
from agent_chaos.providers.parts.frames import with_json
from agent_chaos.stream.exchange import Reply

Holds = Literal["null", "empty"]


class HollowBody(TransportFault, frozen=True):
    """A whole reply whose content, choices, output or candidates are `null` or `[]`.

    Source: openai/openai-agents-python#604, langchain-ai/langchain#35236 (`choices: null`), huggingface/smolagents#404.
    """

    family = BODY
    frequency = Frequency.SOMETIMES
    changes = ("turn",)
    needs = frozenset({"answer"})

    kind: Literal["hollow_body"] = "hollow_body"
    holds: Holds

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        found = target.reply.ok and not target.streamed and _key(target)
        return ({"holds": "null"}, {"holds": "empty"}) if found else ()

    def apply(self, target: Target) -> Reply:
        if not self.openings(target):
            return target.reply
        held: Any = None if self.holds == "null" else []
        return with_json(target.reply, {**target.reply.json, _key(target): held})

    def describe(self) -> str:
        return (
            f"where the answer stands, the reply holds {'null' if self.holds == 'null' else 'an empty list'}"
        )


def _key(target: Target) -> str:
    """The key of a body that holds what the model said, '' where none does."""
    key, body = target.protocol.specifics.answer, target.reply.json
    return key if isinstance(body, dict) and body.get(key) else ""
