"""The pieces of parallel tool calls come in turns."""

from __future__ import annotations

from itertools import chain, zip_longest
from typing import Any, Literal

from agent_chaos.faults.family import DIVISION, Frequency
from agent_chaos.faults.fault import Choice, StreamFault, Target
from agent_chaos.faults.parts.chat_delta import call_fragments, choice_of
from agent_chaos.faults.parts.stream_frames import json_events, with_json_events
from agent_chaos.providers.json_values import fields, text_of
from agent_chaos.stream.exchange import Reply


class InterleavedCalls(StreamFault, frozen=True):
    """The deltas of parallel tool calls come in turns; only their index says which call each belongs to.

    Source: QwenLM/Qwen-Agent#943, mozilla-ai/any-llm#1305, maximhq/bifrost#1829.
    """

    family = DIVISION
    frequency = Frequency.SOMETIMES
    needs = frozenset({"indexed_pieces"})
    transparent = True

    kind: Literal["interleaved_calls"] = "interleaved_calls"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if _in_turns(json_events(target)) else ()

    def apply(self, target: Target) -> Reply:
        changed = _in_turns(json_events(target))
        return with_json_events(target, changed) if changed else target.reply

    def describe(self) -> str:
        return "the pieces of parallel tool calls come in turns"


def _in_turns(events: list[Any]) -> dict[int, list[Any]]:
    """By frame: the piece of a call that comes there instead; empty where fewer than two calls come in pieces."""
    pieces: dict[int, list[int]] = {}
    for at, event in enumerate(events):
        call = _call_of(event)
        if call is not None:
            pieces.setdefault(call, []).append(at)
    # Column by column: the first piece of each call, then the second of each. Only frames that hold pieces
    # change places, so text between the calls stays where it is.
    order = [at for at in chain.from_iterable(zip_longest(*pieces.values())) if at is not None]
    return {place: [events[at]] for place, at in zip(sorted(order), order, strict=True) if place != at}


def _call_of(event: Any) -> int | None:
    """The index of the only tool call that an event adds to; None where it adds to none or says more than that."""
    told = fields(event)
    if text_of(told.get("type")).startswith("response."):
        # An item that is added or done names its type; its deltas are `response.function_call_arguments.…`.
        of_call = "function_call" in (fields(told.get("item")).get("type"), told["type"].split(".")[1][:13])
        index = told.get("output_index") if of_call else None
    else:
        calls, choice = call_fragments(event), choice_of(event)
        alone = len(calls) == 1 and not choice.get("finish_reason") and not choice["delta"].get("content")
        index = calls[0].get("index") if alone else None
    return index if isinstance(index, int) else None
