"""The model's thoughts come without what proves that they are its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, get_args

from agent_chaos.faults.family import BODY, Frequency
from agent_chaos.faults.fault import Choice, MessageFault, Target
from agent_chaos.stream.exchange import Reply

_How = Literal["lost", "changed"]

_NAMES = ("signature", "thoughtSignature", "encrypted_content")
"""What Anthropic, Gemini and OpenAI Responses call it."""


class BadSignature(MessageFault, frozen=True):
    """A complete reply whose reasoning or tool call has lost its signature, or has another.

    The provider refuses it when it comes back. Source: https://ai.google.dev/gemini-api/docs/thought-signatures,
    googleapis/python-genai#1938; streams read past `signature_delta`, proxies that drop fields they do not know.
    """

    family = BODY
    frequency = Frequency.SOMETIMES
    changes = ("other_parts",)
    needs = frozenset({"signed_reasoning"})

    kind: Literal["bad_signature"] = "bad_signature"
    how: _How

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return tuple({"how": how} for how in get_args(_How)) if _signed(target, "lost") is not None else ()

    def apply(self, target: Target) -> Reply:
        found = _signed(target, self.how)
        return target.reply if found is None else found

    def describe(self) -> str:
        return f"the signature of the model's reasoning is {'not there' if self.how == 'lost' else 'another'}"


def _signed(target: Target, how: _How) -> Reply | None:
    """The reply with its signatures changed; None where there are none."""
    if not target.reply.ok:
        return None
    turn = target.protocol.parse(target.reply)
    parts = tuple(replace(part, extra=_resigned(dict(part.extra), how)) for part in turn.parts)
    return target.protocol.render(replace(turn, parts=parts), target.reply) if parts != turn.parts else None


def _resigned(value: Any, how: _How) -> Any:
    if isinstance(value, list):
        return [_resigned(one, how) for one in value]
    if not isinstance(value, dict):
        return value
    signed = {name for name in _NAMES if isinstance(value.get(name), str) and value[name]}
    return {
        # Base64 still, and of the same length: the provider must find the signature wrong, not unreadable.
        name: f"{inner[:-4]}AAA=" if name in signed else _resigned(inner, how)
        for name, inner in value.items()
        if name not in signed or how == "changed"
    }
