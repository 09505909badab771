"""The model says nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from agent_chaos.chaos.fault import Choice, MessageFault, Target
from agent_chaos.stream.exchange import Reply


class EmptyReply(MessageFault, frozen=True):
    """A complete reply without text or tool call, which stopped as if it had answered.

    Source: M10; crewAI#2885, GenericAgent#201, smolagents#404.
    """

    family = "no_answer"

    kind: Literal["empty_reply"] = "empty_reply"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if target.reply.ok and target.protocol.parse(target.reply).parts else ()

    def apply(self, target: Target) -> Reply:
        if not self.openings(target):
            return target.reply
        turn = replace(target.protocol.parse(target.reply), parts=())
        return target.protocol.render(turn.with_stop("end"), target.reply)

    def describe(self) -> str:
        return "the model says nothing and calls no tool"
