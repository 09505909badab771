"""The provider does not go on from what the request names."""

from __future__ import annotations

from typing import Literal, get_args

from agent_chaos.faults.family import REFUSAL, Frequency
from agent_chaos.faults.fault import Choice, Target, TransportFault
from agent_chaos.faults.parts.provider_error import provider_error, with_error
from agent_chaos.stream.exchange import Reply

Why = Literal[
    "not_found", "already_continued", "continue_in_flight", "fingerprint_mismatch", "unsupported_request"
]

_WORDS = {
    "not_found": "the provider does not know the response that the request goes on from",
    "already_continued": "the provider has gone on from that message already",
    "continue_in_flight": "the provider is going on from that message for another request",
    "fingerprint_mismatch": "the provider goes on from that message only with the model and tools it began with",
    "unsupported_request": "the provider cannot go on from that message with this request",
}


class LostState(TransportFault, frozen=True):
    """A request that names an earlier response or thread is refused: there is none (Anthropic 404, OpenAI 400), or it
    cannot be continued from there (Anthropic 400).

    Source: openai/openai-agents-python#673; Anthropic's thread helper sends the whole history again, agents of their
    own do not.
    """

    family = REFUSAL
    frequency = Frequency.SOMETIMES
    changes = ("turn",)
    needs = frozenset({"lost_state"})

    kind: Literal["lost_state"] = "lost_state"
    why: Why

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        known = target.protocol.specifics.lost_state if target.reply.ok else {}
        if not known or not target.protocol.prompt(target.request).previous:
            return ()
        return tuple({"why": why} for why in get_args(Why) if why in known)

    def apply(self, target: Target) -> Reply:
        if {"why": self.why} not in self.openings(target):
            return target.reply
        refused = target.protocol.specifics.lost_state[self.why]
        message = str(refused.fields["message"])
        named = message.replace("{previous}", target.protocol.prompt(target.request).previous)
        return with_error(provider_error(target, refused.kind), {**refused.fields, "message": named})

    def describe(self) -> str:
        return _WORDS[self.why]
