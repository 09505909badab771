"""The body ends early, and says that it ended."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from agent_chaos.faults.family import TRUNCATION, Frequency
from agent_chaos.faults.fault import Choice, Target, TransportFault
from agent_chaos.faults.parts.positions import IN_WORDS, Boundary, Offset, cut_at, openings
from agent_chaos.stream.exchange import Reply, header, with_header


class Truncate(TransportFault, frozen=True):
    """A clean end at a boundary of the body: a proxy or the provider closed the stream, and HTTP sees no error.

    Source: pydantic/pydantic-ai#6610, langchain-ai/langchain#39275, anomalyco/opencode#26170, BerriAI/litellm#32159.
    """

    family = TRUNCATION
    frequency = Frequency.EVERYDAY
    changes = ("text", "calls", "other_parts", "stop", "usage", "end")
    try_first = ("mid_number", "mid_string", "mid_text", "mid_text_number")

    kind: Literal["truncate"] = "truncate"
    boundary: Boundary
    offset: Offset

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        # A number in a text is cut without a trace only where no error tells of the end.
        return openings(target, more=("mid_text_number",))

    def apply(self, target: Target) -> Reply:
        kept = cut_at(target, self.boundary, self.offset)
        return target.reply if kept is None else _with_true_length(kept)

    def describe(self) -> str:
        body = "body" if self.boundary == "mid_body" else "stream"
        return f"the {body} ends {IN_WORDS[self.boundary]}, without an error"


def _with_true_length(reply: Reply) -> Reply:
    head = reply.head
    if head is None or not header(head.headers, "content-length"):
        return reply
    # A length that promises more would be an error of HTTP, and this fault shows none.
    headers = with_header(head.headers, "content-length", str(len(reply.body)))
    return Reply((replace(head, headers=headers), *reply.events[1:]))
