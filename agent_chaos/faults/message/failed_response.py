"""The response itself says that it failed."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

from agent_chaos.faults.family import STOP_REASON, Frequency
from agent_chaos.faults.fault import Choice, MessageFault, Target
from agent_chaos.providers.turn import Text
from agent_chaos.stream.exchange import Reply

Code = Literal["server_error", "rate_limit_exceeded"]


class FailedResponse(MessageFault, frozen=True):
    """OpenAI's response with the status `failed`, its error and half of its text, and no error event before it.

    Source: langchain-ai/langchain#39039, BerriAI/litellm#29223; openai-python yields `response.failed` like any event,
    pydantic-ai returned the half as an answer.
    """

    family = STOP_REASON
    frequency = Frequency.SOMETIMES
    changes = ("text", "calls", "stop", "usage", "error")
    needs = frozenset({"failures"})

    kind: Literal["failed_response"] = "failed_response"
    code: Code

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        known = target.protocol.specifics.failures if target.reply.ok else {}
        said = known and target.protocol.parse(target.reply).parts
        return tuple({"code": code} for code in get_args(Code) if code in known) if said else ()

    def apply(self, target: Target) -> Reply:
        if not self.openings(target):
            return target.reply
        turn = target.protocol.parse(target.reply)
        text = next((part for part in turn.parts if isinstance(part, Text) and len(part.text) > 1), None)
        # The tool calls go with it: what comes after the text that broke off was never said.
        half = () if text is None else (replace(text, text=text.text[: len(text.text) // 2]),)
        error = {"code": self.code, "message": target.protocol.specifics.failures[self.code]}
        failed = replace(turn, parts=half, stop="other", stop_raw="failed", usage=None, error=error)
        return target.protocol.render(failed, target.reply)

    def describe(self) -> str:
        return f"the response failed ({self.code}) in the middle of its text"
