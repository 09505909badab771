"""The model refuses, or a filter stops it."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from agent_chaos.chaos.fault import Choice, MessageFault, Target
from agent_chaos.stream.exchange import Reply


class Refusal(MessageFault, frozen=True):
    """A complete reply without content, in the provider's word for a refusal or a safety stop.

    Source: M12; pydantic-ai#8176, litellm#39723.
    """

    family = "no_answer"

    kind: Literal["refusal"] = "refusal"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if target.reply.ok and target.protocol.parse(target.reply).parts else ()

    def apply(self, target: Target) -> Reply:
        if not self.openings(target):
            return target.reply
        turn = replace(target.protocol.parse(target.reply), parts=())
        return target.protocol.render(turn.with_stop("filter"), target.reply)

    def describe(self) -> str:
        return "the model refuses to answer (or a filter stops it)"
