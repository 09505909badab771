"""JSON without anything of a reply in it."""

from __future__ import annotations

from typing import Literal, get_args

from agent_chaos.faults.family import BODY, Frequency
from agent_chaos.faults.fault import Choice, Target, TransportFault
from agent_chaos.stream.exchange import Reply, with_body

_Shape = Literal["object", "null", "list", "string"]

_BODY: dict[str, bytes] = {"object": b"{}", "null": b"null", "list": b"[]", "string": b'"ok"'}


class BareBody(TransportFault, frozen=True):
    """200 with `{}`, `null`, `[]` or a string, which SDKs pass on unchecked.

    Source: openai/openai-agents-python#604, langchain-ai/langchain#35236.
    """

    family = BODY
    frequency = Frequency.RARE
    changes = ("turn",)

    kind: Literal["bare_body"] = "bare_body"
    shape: _Shape

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        # In a stream `{}` is no event, and the reply would merely be empty.
        whole = target.reply.ok and target.reply.body and not target.streamed
        return tuple({"shape": shape} for shape in get_args(_Shape)) if whole else ()

    def apply(self, target: Target) -> Reply:
        if not self.openings(target):
            return target.reply
        return with_body(target.reply, _BODY[self.shape])

    def describe(self) -> str:
        return f"the body of the reply is {_BODY[self.shape].decode()}"
