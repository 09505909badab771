"""A provider's HTTP error in place of its reply, as the protocol spells it. Shared by the faults that do so."""

from __future__ import annotations

from agent_chaos.chaos.fault import Choice, Target
from agent_chaos.providers.protocol import ErrorKind
from agent_chaos.stream.exchange import Reply, delayed


def answerable(target: Target) -> tuple[Choice, ...]:
    """One opening wherever the recorded exchange succeeded."""
    return ({},) if target.reply.ok else ()


def answered(target: Target, kind: ErrorKind, *, retry_after_s: int | None = None) -> Reply:
    """The error, arriving when the first byte of the reply would have."""
    if not target.reply.ok or target.reply.head is None:
        return target.reply
    error = target.protocol.error_reply(kind, target.request, retry_after_s=retry_after_s)
    return delayed(error, target.reply.head.at - (error.head.at if error.head else 0.0))
