"""A status that is neither a success nor an error."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

from agent_chaos.faults.family import BODY, Frequency
from agent_chaos.faults.fault import Choice, Target, TransportFault
from agent_chaos.faults.parts.provider_error import answerable
from agent_chaos.stream.exchange import End, Reply, without_header

Status = Literal["204", "301", "304"]

_REASONS = {"204": "No Content", "301": "Moved Permanently", "304": "Not Modified"}


class OddStatus(TransportFault, frozen=True):
    """204, 304, or a redirect that does not say where to, without a body.

    Source: RFC 9110 section 15; caches and proxies before the API. SDKs read an empty body for 204 and raise
    JSONDecodeError.
    """

    family = BODY
    frequency = Frequency.RARE
    changes = ("turn",)

    kind: Literal["odd_status"] = "odd_status"
    status: Status

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return tuple({"status": status} for status in get_args(Status)) if answerable(target) else ()

    def apply(self, target: Target) -> Reply:
        head = target.reply.head
        if head is None or not target.reply.ok:
            return target.reply
        # Clients read no body for 204 and 304, and bytes that they do not expect would spoil the connection.
        headers = without_header(without_header(head.headers, "content-length"), "transfer-encoding")
        # No `location` with 301: a client that follows redirects has nowhere to go, and has to say what it
        # makes of that. With one see `redirect`.
        changed = replace(head, status=int(self.status), reason=_REASONS[self.status], headers=headers)
        return Reply((changed, End(head.at)))

    def describe(self) -> str:
        return f"{self.status} {_REASONS[self.status]}, without a body"
