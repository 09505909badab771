"""What a provider says of a call that failed: the texts that agents quote."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agent_chaos.oracles.reading.prompts import LONG_ENOUGH
from agent_chaos.oracles.reading.turns import served_turn, strict_json
from agent_chaos.trace.trace import Call


def error_texts(call: Call) -> list[str]:
    """The sentences of an error in a call's reply, long enough to be known again; none where it came without one."""
    if call.reply is None or not call.fired:
        return []
    turn = served_turn(call)
    error = strict_json(call.reply.body.decode(errors="replace")) if turn is None else turn.error
    return [text for text in _texts(error) if len(text) >= LONG_ENOUGH and " " in text]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value
