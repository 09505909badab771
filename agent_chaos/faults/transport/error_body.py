"""An error that says it is a success."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from agent_chaos.faults.family import IN_BAND_ERROR, Frequency
from agent_chaos.faults.fault import Choice, Target, TransportFault
from agent_chaos.faults.parts.provider_error import answerable, provider_error
from agent_chaos.stream.exchange import Reply


class ErrorBody(TransportFault, frozen=True):
    """200 with the provider's error object for a body, as JSON also where a stream was asked for.

    Source: openai/openai-agents-python#604, huggingface/smolagents#1244, langchain-ai/langchain#35236 (gateways that
    lose the status).
    """

    family = IN_BAND_ERROR
    frequency = Frequency.SOMETIMES
    changes = ("turn",)

    kind: Literal["error_body"] = "error_body"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return answerable(target)

    def apply(self, target: Target) -> Reply:
        error = provider_error(target, "server_error")
        if error.head is None or not self.openings(target):
            return target.reply
        # Not where a stream runs already: the whole body is the error, with the content type of JSON, and
        # clients that look for events find none.
        return Reply((replace(error.head, status=200, reason="OK"), *error.events[1:]))

    def describe(self) -> str:
        return "an error object with status 200 instead of the reply"
