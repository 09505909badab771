"""Tool calls that cannot be told apart by their ids."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from agent_chaos.faults.family import TOOL_CALL, Frequency
from agent_chaos.faults.fault import Choice, MessageFault, Target
from agent_chaos.faults.parts.tool_call_parts import tool_call_at
from agent_chaos.stream.exchange import Reply


class RepeatedToolId(MessageFault, frozen=True):
    """The second tool call of a reply has the id of the first, and is another call.

    Source: huggingface/smolagents#2683, langchain-ai/langchainjs#10145; pydantic-ai runs the second call twice and the
    first never.
    """

    family = TOOL_CALL
    frequency = Frequency.RARE
    changes = ("calls",)
    needs = frozenset({"call_ids"})

    kind: Literal["repeated_tool_id"] = "repeated_tool_id"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        first, second = tool_call_at(target, 0), tool_call_at(target, 1)
        # Two empty ids are not one id, and where both have the same already there is nothing to change.
        return ({},) if first and second and first[2].id not in ("", second[2].id) else ()

    def apply(self, target: Target) -> Reply:
        first, second = tool_call_at(target, 0), tool_call_at(target, 1)
        if not first or not second or not self.openings(target):
            return target.reply
        turn, index, call = second
        return target.protocol.render(turn.with_part(index, replace(call, id=first[2].id)), target.reply)

    def describe(self) -> str:
        return "two tool calls have one id"


class LostToolId(MessageFault, frozen=True):
    """A tool call whose id is empty.

    Source: camel-ai/camel#3027, langchain-ai/langchainjs#10145; Ollama and other compatible servers.
    """

    family = TOOL_CALL
    frequency = Frequency.RARE
    changes = ("calls",)
    needs = frozenset({"call_ids"})

    kind: Literal["lost_tool_id"] = "lost_tool_id"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        first = tool_call_at(target, 0)
        return ({},) if first and first[2].id else ()

    def apply(self, target: Target) -> Reply:
        first = tool_call_at(target, 0)
        if not first or not first[2].id:
            return target.reply
        turn, index, call = first
        return target.protocol.render(turn.with_part(index, replace(call, id="")), target.reply)

    def describe(self) -> str:
        return "the first tool call has no id"
