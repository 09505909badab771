"""The reason to stop stands in another chunk than usual."""

from __future__ import annotations

from typing import Any, Literal, get_args

from agent_chaos.faults.family import DIVISION, Frequency
from agent_chaos.faults.fault import Choice, StreamFault, Target
from agent_chaos.faults.parts.stream_frames import json_events, with_json_events
from agent_chaos.providers.specifics import ChunkPlaces
from agent_chaos.stream.exchange import Reply

_How = Literal["alone", "early", "blank"]

_WORDS = {
    "alone": "comes in a chunk of its own",
    "early": "stands on the first chunk that says something, too",
    "blank": "is an empty text in every chunk that says something",
}


class MisplacedFinish(StreamFault, frozen=True):
    """The finish reason comes alone behind the last content, on the first chunk that says something as well, or is "" in
    every such chunk.

    Source: agentjido/req_llm#638, pydantic/pydantic-ai#2631 (alone), linagora/openrag#462 (early), sgl-project/sglang#3912,
    ollama/ollama#4357, looplj/axonhub#2073 (blank).
    """

    family = DIVISION
    frequency = Frequency.SOMETIMES
    needs = frozenset({"chunks"})
    transparent = True

    kind: Literal["misplaced_finish"] = "misplaced_finish"
    how: _How

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        hows: tuple[_How, ...] = get_args(_How)
        return tuple({"how": how} for how in hows if _misplaced(target, how))

    def apply(self, target: Target) -> Reply:
        changed = _misplaced(target, self.how)
        return with_json_events(target, changed) if changed else target.reply

    def describe(self) -> str:
        return f"the reason to stop {_WORDS[self.how]}"


def _misplaced(target: Target, how: _How) -> dict[int, list[Any]]:
    events = json_events(target)
    place = target.protocol.specifics.chunks
    stops = [at for at, event in enumerate(events) if place and _choice(event, place).get(place.stop)]
    # With more than one choice, or a reason that another fault has repeated, it is not clear which of them to
    # move.
    return _HOWS[how](events, stops[0], place) if place and len(stops) == 1 else {}


def _alone(events: list[Any], stop: int, place: ChunkPlaces) -> dict[int, list[Any]]:
    """The chunk that ends the reply in two: what it adds, and its reason to stop."""
    reason, content = place.stop, place.content
    choice = _choice(events[stop], place)
    if not choice.get(content):
        return {}
    said = {name: inner for name, inner in choice.items() if name != reason}
    ended = {name: inner for name, inner in choice.items() if name != content}
    # Where the API names the field in every chunk, it is null until the end.
    if place.named_always:
        said, ended = {**said, reason: None}, {**ended, content: {}}
    return {stop: [_with_choice(events[stop], place, said), _with_choice(events[stop], place, ended)]}


def _early(events: list[Any], stop: int, place: ChunkPlaces) -> dict[int, list[Any]]:
    """The reason to stop on the first chunk that says something, as well as on its own."""
    told = _telling(events, stop, place)
    reason = _choice(events[stop], place)[place.stop]
    return _with_reason(events, told[:1], reason, place) if len(told) > 1 else {}


def _blank(events: list[Any], stop: int, place: ChunkPlaces) -> dict[int, list[Any]]:
    """An empty reason in every chunk that says something and has null there."""
    told = [at for at in _telling(events, stop, place) if place.stop in _choice(events[at], place)]
    return _with_reason(events, told, "", place)


def _telling(events: list[Any], stop: int, place: ChunkPlaces) -> list[int]:
    """The chunks before the reason to stop that say more than whose turn it is."""
    return [at for at in range(stop) if _says(_choice(events[at], place).get(place.content))]


def _says(content: Any) -> bool:
    return isinstance(content, dict) and any(value for name, value in content.items() if name != "role")


def _with_reason(
    events: list[Any], places: list[int], reason: str, place: ChunkPlaces
) -> dict[int, list[Any]]:
    return {
        at: [_with_choice(events[at], place, {**_choice(events[at], place), place.stop: reason})]
        for at in places
    }


_HOWS = {"alone": _alone, "early": _early, "blank": _blank}


def _choice(event: Any, place: ChunkPlaces) -> dict[str, Any]:
    listed = event.get(place.choices) if isinstance(event, dict) else None
    return listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}


def _with_choice(event: dict[str, Any], place: ChunkPlaces, choice: dict[str, Any]) -> dict[str, Any]:
    return {**event, place.choices: [choice, *event[place.choices][1:]]}
