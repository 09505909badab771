"""The model asks for the same thing twice at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any, Literal

from agent_chaos.faults.family import TOOL_CALL, Frequency
from agent_chaos.faults.fault import Choice, MessageFault, Target
from agent_chaos.faults.parts.tool_call_parts import call_choices, tool_call_at
from agent_chaos.providers.parts.fresh_ids import fresh_id
from agent_chaos.providers.turn import ToolCall
from agent_chaos.stream.exchange import Reply

Ids = Literal["fresh", "same"]


class RepeatedToolCall(MessageFault, frozen=True):
    """The last tool call of a reply stands in it a second time, with an id of its own or with the same one.

    Source: langchain-ai/langchain#38708, huggingface/smolagents#2683, camel-ai/camel#3027.
    """

    family = TOOL_CALL
    frequency = Frequency.SOMETIMES
    changes = ("calls",)

    kind: Literal["repeated_tool_call"] = "repeated_tool_call"
    ids: Ids

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        last = _last_call(target)
        # Gemini and Ollama may send calls without an id; there is none to make another of.
        wanted: tuple[Ids, ...] = ("fresh", "same") if last and last.id else ("same",)
        return tuple({"ids": ids} for ids in wanted) if last else ()

    def apply(self, target: Target) -> Reply:
        last = _last_call(target)
        if last is None or (self.ids == "fresh" and not last.id):
            return target.reply
        turn = target.protocol.parse(target.reply)
        again = _reminted(last, target.protocol.ids(target.reply)) if self.ids == "fresh" else last
        return target.protocol.render(replace(turn, parts=(*turn.parts, again)), target.reply)

    def describe(self) -> str:
        return f"the last tool call comes twice, with {'two ids' if self.ids == 'fresh' else 'one id'}"


def _last_call(target: Target) -> ToolCall | None:
    found = tool_call_at(target, len(call_choices(target)) - 1) if call_choices(target) else None
    return found[2] if found else None


def _reminted(call: ToolCall, ids: Collection[str]) -> ToolCall:
    """The call with other ids, its own and those of the item that carries it."""
    return replace(call, id=fresh_id(call.id, "twin"), extra=_renamed(dict(call.extra), ids))


def _renamed(value: Any, ids: Collection[str]) -> Any:
    if isinstance(value, dict):
        return {name: _renamed(inner, ids) for name, inner in value.items()}
    # By the ids that the protocol knows of this reply, not by the names of fields: OpenAI Responses give the
    # item an id of its own beside the `call_id`, and both must differ.
    return fresh_id(value, "twin") if isinstance(value, str) and value and value in ids else value
