"""The model asks for the same thing again and again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal

from agent_chaos.faults.family import TOOL_CALL, Frequency
from agent_chaos.faults.fault import Choice, MessageFault, Target
from agent_chaos.providers.json_values import loaded
from agent_chaos.providers.parts.fresh_ids import fresh_id
from agent_chaos.providers.turn import ToolCall
from agent_chaos.stream.exchange import Reply


class EndlessToolCall(MessageFault, frozen=True):
    """The model, given the results of its tool calls, asks for the same calls again with new ids, however often it is
    told.

    Source: lsdefine/GenericAgent#201, mattmezza/humux#77; pydantic-ai charges 50 times, LangChain 12, smolagents
    returns None.
    """

    family = TOOL_CALL
    frequency = Frequency.SOMETIMES
    changes = ("text", "calls", "stop")
    endless = True

    kind: Literal["endless_tool_call"] = "endless_tool_call"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if _again(target) else ()

    def apply(self, target: Target) -> Reply:
        calls = _again(target)
        if not calls:
            return target.reply
        turn = replace(target.protocol.parse(target.reply), parts=calls).with_stop("tool_use")
        return target.protocol.render(turn, target.reply)

    def rest(self, target: Target) -> Reply | None:
        return self.apply(target)

    def describe(self) -> str:
        return "the model asks for the tool calls that it has the results of, again and again"


def _again(target: Target) -> tuple[ToolCall, ...]:
    """The calls whose results are the last that the request brings, with other ids; not where the reply has them already."""
    messages = target.protocol.prompt(target.request).messages if target.reply.ok else ()
    before = next((one for one in reversed(messages) if one.role == "assistant"), None)
    # The turn to repeat must have been answered: a request that ends with the assistant's own words brings no
    # results.
    if before is None or messages[-1] is before:
        return ()
    calls = [part for part in before.parts if isinstance(part, ToolCall)]
    if _said(calls) == _said(target.protocol.parse(target.reply).tool_calls):
        return ()
    return tuple(
        # Without `extra` and `pieces`, which belong to the items and deltas of the earlier reply. An id that
        # was used before would be refused by the provider.
        ToolCall(fresh_id(call.id, "again") if call.id else "", call.name, call.arguments)
        for call in calls
    )


def _said(calls: Iterable[ToolCall]) -> list[tuple[str, Any]]:
    return [(call.name, loaded(call.arguments)) for call in calls]
