"""The provider has forgotten what the request goes on from."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Literal

from agent_chaos.chaos.fault import Choice, Target, TransportFault
from agent_chaos.chaos.provider_error import answered
from agent_chaos.stream.exchange import Data, End, Reply, with_header


class LostState(TransportFault, frozen=True):
    """A request that names an earlier response or thread is told that there is none: 400 (OpenAI) or 404 (Anthropic).

    Source: H404t, A6; openai-agents#673; Anthropic's thread helper sends the whole history again, agents of their own do not.
    """

    family = "refusal"

    kind: Literal["lost_state"] = "lost_state"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if target.reply.ok and target.protocol.prompt(target.request).previous else ()

    def apply(self, target: Target) -> Reply:
        if not self.openings(target):
            return target.reply
        of_threads = target.protocol.vendor == "anthropic"
        refused = answered(target, "not_found" if of_threads else "invalid_request")
        return _saying(
            refused, _ANTHROPIC if of_threads else _openai(target.protocol.prompt(target.request).previous)
        )

    def describe(self) -> str:
        return "the provider does not know the response that the request goes on from"


_ANTHROPIC = {"message": "Thread not found.", "details": {"error_code": "thread_not_found"}}


def _openai(previous: str) -> dict[str, Any]:
    return {
        "message": f"Previous response with id '{previous}' not found.",
        "param": "previous_response_id",
        "code": "previous_response_not_found",
    }


def _saying(refused: Reply, fields: dict[str, Any]) -> Reply:
    """The error with other fields in its error object."""
    head, body = refused.head, refused.json
    assert head is not None
    data = json.dumps({**body, "error": {**body["error"], **fields}}).encode()
    headers = with_header(head.headers, "content-length", str(len(data)))
    return Reply((replace(head, headers=headers), Data(data, head.at), End(head.at)))
