"""The tool calls of a reply, and the reply with one of them changed. Shared by the message faults."""

from __future__ import annotations

from abc import ABC
from dataclasses import replace
from typing import Annotated

from annotated_types import Ge

from agent_chaos.faults.fault import Choice, MessageFault, Target
from agent_chaos.providers.turn import ModelTurn, ToolCall
from agent_chaos.stream.exchange import Reply


class OneToolCall(MessageFault, ABC):
    """A complete reply in which tool call `call`, counted from 0, is not what it was; offered wherever it changes one."""

    changes = ("calls",)

    call: Annotated[int, Ge(0)]

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return tuple(
            # Tried, not guessed: whether a change can be seen depends on the wire, which may write the same
            # bytes again.
            choice
            for choice in call_choices(target)
            if cls(**choice).apply(target) is not target.reply
        )


def tool_call_at(target: Target, number: int) -> tuple[ModelTurn, int, ToolCall] | None:
    """The turn, and index and value of its tool call `number`, counted from 0; None where there is none."""
    if not target.reply.ok:
        return None
    turn = target.protocol.parse(target.reply)
    calls = [(i, part) for i, part in enumerate(turn.parts) if isinstance(part, ToolCall)]
    return (turn, *calls[number]) if number < len(calls) else None


def call_choices(target: Target) -> tuple[Choice, ...]:
    """One choice `call` per tool call of the reply."""
    count = len(target.protocol.parse(target.reply).tool_calls) if target.reply.ok else 0
    return tuple({"call": number} for number in range(count))


def with_arguments(
    target: Target, turn: ModelTurn, index: int, arguments: str, *, stop: bool = False
) -> Reply:
    """The reply with other argument text in a tool call; with `stop`, nothing follows it and the limit was hit."""
    part = turn.parts[index]
    assert isinstance(part, ToolCall)
    changed = turn.with_part(index, replace(part, arguments=arguments))
    if stop:
        changed = replace(changed, parts=changed.parts[: index + 1]).with_stop("length")
    return target.protocol.render(changed, target.reply)
