"""Which tool results of a request answer no call, and which calls have no result; each host has its own words for that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from agent_chaos.providers.json_values import JsonObject, fields, items, text_of


@dataclass(frozen=True, slots=True)
class Orphan:
    """A tool message, by its number, whose `call` is none of those right before it."""

    number: int
    message: JsonObject
    call: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Calls, by id, that are still open where message `number` comes instead of a result."""

    number: int
    calls: Mapping[str, JsonObject]


def unpaired(messages: Sequence[JsonObject]) -> Iterator[Orphan | Unanswered]:
    """The messages right after one with calls answer every call; a tool message answers one of them."""
    open_calls: dict[str, JsonObject] = {}
    asked: set[str] = set()
    # One more at the end, so that calls which nothing follows are open there, too.
    for number, message in enumerate([*messages, {}]):
        if message.get("role") == "tool":
            call = text_of(message.get("tool_call_id"))
            if call not in asked:
                yield Orphan(number, message, call)
            open_calls.pop(call, None)
            continue
        if open_calls:
            yield Unanswered(number, open_calls)
        open_calls = {text_of(call.get("id")): call for call in map(fields, items(message.get("tool_calls")))}
        asked = set(open_calls)
