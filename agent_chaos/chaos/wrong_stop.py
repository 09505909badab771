"""A tool call in a reply that says it is the end."""

from __future__ import annotations

from typing import Literal

from agent_chaos.chaos.fault import Choice, MessageFault, Target
from agent_chaos.providers.protocol import ModelTurn
from agent_chaos.stream.exchange import Reply


class WrongStop(MessageFault, frozen=True):
    """Tool calls, but the stop reason of a final answer; where the wire has a reason of its own for tool use.

    Source: M17; Anthropic's tool_runner returns without running the tools, and leaves calls without results.
    """

    family = "tool_call"

    kind: Literal["wrong_stop"] = "wrong_stop"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if _stopped(target) is not None else ()

    def apply(self, target: Target) -> Reply:
        turn = _stopped(target)
        return target.reply if turn is None else target.protocol.render(turn, target.reply)

    def describe(self) -> str:
        return "a reply with tool calls says that it is the end"


def _stopped(target: Target) -> ModelTurn | None:
    """The turn with the stop of an answer; None where it calls no tool, or its protocol has one word for both."""
    turn = target.protocol.parse(target.reply) if target.reply.ok else None
    if turn is None or not turn.tool_calls or turn.stop != "tool_use":
        return None
    ended = turn.with_stop("end")
    rendered = target.protocol.parse(target.protocol.render(ended, target.reply))
    return ended if rendered.stop == "end" else None
