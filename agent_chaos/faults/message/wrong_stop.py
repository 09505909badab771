"""The reason why the model stopped does not fit what it said."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from agent_chaos.faults.family import STOP_REASON, TOOL_CALL, Frequency
from agent_chaos.faults.fault import Choice, MessageFault, Target
from agent_chaos.providers.turn import ModelTurn, ToolCall
from agent_chaos.stream.exchange import Reply


class WrongStop(MessageFault, frozen=True):
    """Tool calls, but the stop reason of a final answer; where the wire has a reason of its own for tool use.

    Source: sgl-project/sglang#2877, vercel/workflow#1387; Anthropic's tool_runner returns without running the tools,
    and leaves calls without results.
    """

    family = TOOL_CALL
    frequency = Frequency.SOMETIMES
    changes = ("stop",)
    needs = frozenset({"tool_stop"})

    kind: Literal["wrong_stop"] = "wrong_stop"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if _stopped(target) is not None else ()

    def apply(self, target: Target) -> Reply:
        turn = _stopped(target)
        return target.reply if turn is None else target.protocol.render(turn, target.reply)

    def describe(self) -> str:
        return "a reply with tool calls says that it is the end"


class MissingToolCall(MessageFault, frozen=True):
    """A reply that stopped for tool use, and calls no tool.

    Source: loops that wait for results send an empty turn.
    """

    family = TOOL_CALL
    frequency = Frequency.RARE
    changes = ("calls",)
    needs = frozenset({"tool_stop"})

    kind: Literal["missing_tool_call"] = "missing_tool_call"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if _stopped(target) is not None else ()

    def apply(self, target: Target) -> Reply:
        if not self.openings(target):
            return target.reply
        turn = target.protocol.parse(target.reply)
        said = tuple(part for part in turn.parts if not isinstance(part, ToolCall))
        return target.protocol.render(replace(turn, parts=said), target.reply)

    def describe(self) -> str:
        return "a reply says that it calls tools, and calls none"


class UnknownStop(MessageFault, frozen=True):
    """A stop reason that did not exist when the client was written.

    Source: Anthropic's docs, Handling stop reasons; Anthropic's tool_runner stops at one without running the tools.
    """

    family = STOP_REASON
    frequency = Frequency.RARE
    changes = ("stop",)

    kind: Literal["unknown_stop"] = "unknown_stop"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        found = target.reply.ok and target.protocol.parse(target.reply).stop
        return ({},) if found and _unknown(target) is not None else ()

    def apply(self, target: Target) -> Reply:
        found = _unknown(target) if self.openings(target) else None
        return target.reply if found is None else found

    def describe(self) -> str:
        return "the model stops for a reason that no client knows"


def _unknown(target: Target) -> Reply | None:
    """The reply with an unknown stop reason; None where the protocol has no room for one."""
    # By looking into the bytes: a protocol that derives the reason to stop from something else drops the word
    # without a sound.
    turn = replace(target.protocol.parse(target.reply), stop="other", stop_raw=_HOLOGRAM)
    rendered = target.protocol.render(turn, target.reply)
    return rendered if _HOLOGRAM.encode() in rendered.body else None


_HOLOGRAM = "hologram"


def _stopped(target: Target) -> ModelTurn | None:
    """The turn with the stop of an answer; None where it calls no tool, or its protocol has one word for both."""
    turn = target.protocol.parse(target.reply) if target.reply.ok else None
    if turn is None or not turn.tool_calls or turn.stop != "tool_use":
        return None
    ended = turn.with_stop("end")
    rendered = target.protocol.parse(target.protocol.render(ended, target.reply))
    return ended if rendered.stop == "end" else None
