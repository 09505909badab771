"""The model makes an argument up."""

from __future__ import annotations

from typing import Literal

from agent_chaos.faults.family import TOOL_ARGUMENTS, Frequency
from agent_chaos.faults.fault import Target
from agent_chaos.faults.parts.declared_arguments import changed, declared_arguments
from agent_chaos.faults.parts.tool_call_parts import OneToolCall
from agent_chaos.stream.exchange import Reply

_NAME = "confirm_with_customer"


class ExtraArgument(OneToolCall, frozen=True):
    """A complete tool call with one argument more than the tool's schema declares.

    Source: google-genai's automatic calling drops it without a word, a plain `tool(**arguments)` raises TypeError.
    """

    family = TOOL_ARGUMENTS
    frequency = Frequency.SOMETIMES

    kind: Literal["extra_argument"] = "extra_argument"

    def apply(self, target: Target) -> Reply:
        found = declared_arguments(target, self.call)
        # A tool that declares the name would take the argument as one of its own, and nothing would be wrong.
        if found is None or _NAME in found[1]:
            return target.reply
        return changed(target, self.call, {**found[0], _NAME: True})

    def describe(self) -> str:
        return f"tool call {self.call} has an argument that its tool does not know"
