"""Which tool results of a request answer no call, and which calls have no result; each host has its own words for that."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from agent_chaos.providers.json_values import JsonObject, fields, items, text_of


@dataclass(frozen=True, slots=True)
class Orphan:
    """A tool message, by its number, whose `call` is none of those right before it."""

    number: int
    call: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Calls, by id, that are still open where message `number` comes instead of a result."""

    number: int
    calls: Collection[str]


def unpaired(messages: Sequence[JsonObject]) -> Iterator[Orphan | Unanswered]:
    """The messages right after one with calls answer every call; a tool message answers one of them."""
    asked: list[str] = []
    open_calls: list[str] = []
    # One more at the end, so that calls which nothing follows are open there, too.
    for number, message in enumerate([*messages, {}]):
        if message.get("role") == "tool":
            call = text_of(message.get("tool_call_id"))
            if call not in asked:
                yield Orphan(number, call)
            open_calls = [one for one in open_calls if one != call]
            continue
        if open_calls:
            yield Unanswered(number, open_calls)
        asked = [text_of(fields(call).get("id")) for call in items(message.get("tool_calls"))]
        open_calls = list(dict.fromkeys(asked))
