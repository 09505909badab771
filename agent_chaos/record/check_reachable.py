"""A run in which no provider ever answered is no run to keep or to judge, however politely the agent bore it."""

from __future__ import annotations

from collections.abc import Sequence

from agent_chaos.errors import RecordError
from agent_chaos.stream.exchange import Reply, Request


def refuse_unanswered(name: str, exchanged: Sequence[tuple[Request, Reply]]) -> None:
    """Raises RecordError where every request of a run failed, with the cause that the last one shows."""
    # One good reply is enough: agents fall back on another provider, and what failed belongs to the
    # recording.
    if not exchanged or any(reply.head is not None and reply.ok for _, reply in exchanged):
        return
    # The last, as SDKs and agents try again: what they gave up at is what counts.
    request, reply = exchanged[-1]
    if reply.head is None:
        what = f"{request.host} cannot be reached; check the network and record again"
    elif reply.status in (401, 403):
        what = f"{request.host} answers {reply.status}: no working API key; set the provider's key variable and record again"
    else:
        what = f"every call failed, the last with status {reply.status} of {request.host}"
    raise RecordError(f"{name}: {what}")
