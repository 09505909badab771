"""The model calls a tool that does not exist, or none by name."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from agent_chaos.faults.family import TOOL_CALL, Frequency
from agent_chaos.faults.fault import Target
from agent_chaos.faults.parts.tool_call_parts import OneToolCall, tool_call_at
from agent_chaos.stream.exchange import Reply


class UnknownTool(OneToolCall, frozen=True):
    """A tool call by a name that the request does not offer.

    Source: google/adk-python#2987, openai/openai-agents-python#2204, googleapis/python-genai#1892.
    """

    family = TOOL_CALL
    frequency = Frequency.SOMETIMES

    kind: Literal["unknown_tool"] = "unknown_tool"

    def apply(self, target: Target) -> Reply:
        found = tool_call_at(target, self.call)
        if found is None:
            return target.reply
        turn, index, call = found
        renamed = turn.with_part(index, replace(call, name=_unoffered(target, call.name)))
        return target.protocol.render(renamed, target.reply)

    def describe(self) -> str:
        return f"tool call {self.call} names a tool that does not exist"


class UnnamedTool(OneToolCall, frozen=True):
    """A tool call whose name is empty.

    Source: google/adk-python#2924; compatible servers that lose the first delta of a call.
    """

    family = TOOL_CALL
    frequency = Frequency.RARE

    kind: Literal["unnamed_tool"] = "unnamed_tool"

    def apply(self, target: Target) -> Reply:
        found = tool_call_at(target, self.call)
        if found is None:
            return target.reply
        turn, index, call = found
        return target.protocol.render(turn.with_part(index, replace(call, name="")), target.reply)

    def describe(self) -> str:
        return f"tool call {self.call} has no name"


def _unoffered(target: Target, name: str) -> str:
    """A name like that one which no tool of the request has."""
    offered = {tool.name for tool in target.protocol.prompt(target.request).tools}
    wanted = f"{name}_tool"
    while wanted in offered:
        wanted += "_tool"
    return wanted
