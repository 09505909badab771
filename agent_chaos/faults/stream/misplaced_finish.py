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
    "early": "stands on a chunk before the last one, too",
    "blank": "is an empty text in every chunk but the last",
}


class MisplacedFinish(StreamFault, frozen=True):
    """The finish reason comes alone behind the last content, on an earlier chunk as well, or is "" where others have null.

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
    return _HOWS[how](events, stops[0], place) if place and len(stops) == 1 else {}


def _alone(events: list[Any], stop: int, place: ChunkPlaces) -> dict[int, list[Any]]:
    """The chunk that ends the reply in two: what it adds, and its reason to stop."""
    reason, content = place.stop, place.content
    choice = _choice(events[stop], place)
    if not choice.get(content):
        return {}
    said = {name: inner for name, inner in choice.items() if name != reason}
    ended = {name: inner for name, inner in choice.items() if name != content}
    if place.named_always:
        said, ended = {**said, reason: None}, {**ended, content: {}}
    return {stop: [_with_choice(events[stop], place, said), _with_choice(events[stop], place, ended)]}


def _early(events: list[Any], stop: int, place: ChunkPlaces) -> dict[int, list[Any]]:
    """The reason to stop on the middle one of the chunks with content, as well as on its own."""
    reason, content = place.stop, place.content
    told = [at for at in range(stop) if _choice(events[at], place).get(content)]
    if len(told) < 2:
        return {}
    at = told[len(told) // 2]
    choice = {**_choice(events[at], place), reason: _choice(events[stop], place)[reason]}
    return {at: [_with_choice(events[at], place, choice)]}


def _blank(events: list[Any], stop: int, place: ChunkPlaces) -> dict[int, list[Any]]:
    """An empty reason in every chunk that has null there."""
    reason = place.stop
    return {
        at: [_with_choice(event, place, {**_choice(event, place), reason: ""})]
        for at, event in enumerate(events)
        if at != stop and reason in _choice(event, place)
    }


_HOWS = {"alone": _alone, "early": _early, "blank": _blank}


def _choice(event: Any, place: ChunkPlaces) -> dict[str, Any]:
    listed = event.get(place.choices) if isinstance(event, dict) else None
    return listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}


def _with_choice(event: dict[str, Any], place: ChunkPlaces, choice: dict[str, Any]) -> dict[str, Any]:
    return {**event, place.choices: [choice, *event[place.choices][1:]]}
