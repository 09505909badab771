"""Recorded replies that say nothing at all: what an agent answers to them may be an error that it swallowed."""

from __future__ import annotations

from collections.abc import Iterator

from agent_chaos.cassette.model import Cassette, Exchange
from agent_chaos.providers.registry import protocols


def wordless_replies(cassette: Cassette) -> Iterator[str]:
    """One line for each good reply of a known protocol in which that protocol finds nothing."""
    for exchange in cassette.exchanges:
        if exchange.reply.ok and exchange.protocol in protocols() and _is_wordless(exchange):
            kind = exchange.reply.header("content-type") or "no content type"
            yield (
                f"reply: call {exchange.index} was answered with {exchange.reply.status} and {kind}, in which there is no word "
                f"of a model, so the agent may have swallowed an error; read what it answered, and record again"
            )


def _is_wordless(exchange: Exchange) -> bool:
    turn = protocols()[exchange.protocol].parse(exchange.reply)
    # A reply that says nothing and ends as it should is an empty answer; one without even that was not
    # understood.
    return not turn.parts and turn.usage is None and turn.stop is None
