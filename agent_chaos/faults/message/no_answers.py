"""The model gives no answer: it says nothing, refuses, in words too, or is stopped."""

from __future__ import annotations

from abc import ABC
from dataclasses import replace
from typing import ClassVar, Literal

from agent_chaos.faults.family import NO_ANSWER, STOP_REASON, Family, Frequency
from agent_chaos.faults.fault import Choice, Heard, MessageFault, Target
from agent_chaos.providers.specifics import Specifics
from agent_chaos.providers.turn import ModelTurn, StopReason
from agent_chaos.stream.exchange import Reply


class _NoAnswer(MessageFault, ABC):
    """A complete reply in place of the answer; `words` are the report's. Most have no content, and stop for `stop`."""

    family: ClassVar[Family] = NO_ANSWER
    changes: ClassVar[tuple[Heard, ...]] = ("turn",)
    stop: ClassVar[StopReason]
    words: ClassVar[str]

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        able = target.reply.ok and cls.fits(target.protocol)
        return ({},) if able and target.protocol.parse(target.reply).parts else ()

    def apply(self, target: Target) -> Reply:
        if not self.openings(target):
            return target.reply
        empty = replace(target.protocol.parse(target.reply), parts=())
        return target.protocol.render(self._stopped(empty, target.protocol.specifics), target.reply)

    def _stopped(self, turn: ModelTurn, specifics: Specifics) -> ModelTurn:
        return turn.with_stop(self.stop)

    def describe(self) -> str:
        return self.words


class EmptyReply(_NoAnswer, frozen=True):
    """A complete reply without text or tool call, which stopped as if it had answered.

    Source: crewAIInc/crewAI#2885, lsdefine/GenericAgent#201, huggingface/smolagents#404.
    """

    frequency = Frequency.SOMETIMES
    stop: ClassVar[StopReason] = "end"
    words = "the model says nothing and calls no tool"

    kind: Literal["empty_reply"] = "empty_reply"


class Refusal(_NoAnswer, frozen=True):
    """A complete reply without content, in the provider's word for a refusal or a safety stop.

    Source: pydantic/pydantic-ai#8176, BerriAI/litellm#39723.
    """

    frequency = Frequency.SOMETIMES
    stop: ClassVar[StopReason] = "filter"
    words = "the model refuses to answer (or a filter stops it)"
    needs = frozenset({"filters"})

    kind: Literal["refusal"] = "refusal"


class RefusalInWords(_NoAnswer, frozen=True):
    """A complete reply that says no more than that the model refuses, and is marked as a refusal as the provider does it: by its
    reason to stop, or by a field of its own for the words.

    Source: pydantic/pydantic-ai#8176, vybestack/llxprt-code#2341, NousResearch/hermes-agent#43108; Amazon's docs, Guardrails
    (the blocked message takes the place of the answer).
    """

    family = STOP_REASON
    frequency = Frequency.RARE
    changes: ClassVar[tuple[Heard, ...]] = ("text", "calls", "other_parts", "stop")
    needs = frozenset({"worded_refusal"})
    words = "the model refuses in words"

    kind: Literal["refusal_in_words"] = "refusal_in_words"

    def _stopped(self, turn: ModelTurn, specifics: Specifics) -> ModelTurn:
        how = specifics.worded_refusal
        return turn if how is None else replace(turn, parts=(how.part,), stop=how.stop, stop_raw=how.stop_raw)


class GeminiStop(_NoAnswer, frozen=True):
    """A Gemini reply without content, in another of its words for why: a filter, or a call that it could not write.
    `reason` is the provider's own word.

    Source: google/adk-python#1521 and #1192 (a silent end), python-genai's finish reasons.
    """

    frequency = Frequency.SOMETIMES
    needs = frozenset({"empty_stops"})

    kind: Literal["gemini_stop"] = "gemini_stop"
    reason: str

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        known = target.protocol.specifics.empty_stops
        return tuple({"reason": reason} for reason in known) if super().openings(target) else ()

    def apply(self, target: Target) -> Reply:
        return super().apply(target) if self.reason in target.protocol.specifics.empty_stops else target.reply

    def _stopped(self, turn: ModelTurn, specifics: Specifics) -> ModelTurn:
        return replace(turn, stop=specifics.empty_stops[self.reason], stop_raw=self.reason)

    def describe(self) -> str:
        return f"the model stops with {self.reason} and says nothing"


class BlockedPrompt(_NoAnswer, frozen=True):
    """A Gemini reply without a candidate: the prompt itself was blocked.

    Source: Gemini's docs, Safety settings (`promptFeedback.blockReason`).
    """

    frequency = Frequency.SOMETIMES
    needs = frozenset({"blocked_prompt"})
    stop: ClassVar[StopReason] = "filter"
    words = "the prompt is blocked, and there is no answer"

    kind: Literal["blocked_prompt"] = "blocked_prompt"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return super().openings(target) if target.protocol.specifics.blocked_prompt else ()

    def apply(self, target: Target) -> Reply:
        if not self.openings(target):
            return target.reply
        turn = target.protocol.parse(target.reply)
        # A new turn, not the old one without its parts: without a candidate there is no stop reason either,
        # nor anything else that the old one said.
        blocked = ModelTurn(id=turn.id, model=turn.model, streamed=turn.streamed)
        told = replace(blocked, extra=target.protocol.specifics.blocked_prompt)
        return target.protocol.render(told, target.reply)
