"""The tool calls of a stream have one index, or none."""

from __future__ import annotations

from typing import Any, Literal, get_args

from agent_chaos.faults.family import DIVISION, Frequency
from agent_chaos.faults.fault import Choice, StreamFault, Target
from agent_chaos.faults.parts.chat_delta import call_fragments, with_calls
from agent_chaos.faults.parts.stream_frames import json_events, with_json_events
from agent_chaos.stream.exchange import Reply

Index = Literal["same", "none"]

_WORDS = {"same": "the same index", "none": "no index"}


class SharedIndex(StreamFault, frozen=True):
    """Parallel tool calls, one after the other, that all carry index 0 or none: only a new id says where one begins.

    Source: huggingface/smolagents#1958, ai-dynamo/dynamo#4723, ollama/ollama#15457 (index 0), ollama/ollama#7881 (none).
    """

    family = DIVISION
    frequency = Frequency.SOMETIMES
    needs = frozenset({"call_indexes"})
    transparent = True

    kind: Literal["shared_index"] = "shared_index"
    index: Index

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return (
            tuple({"index": index} for index in get_args(Index)) if _told_by_id(json_events(target)) else ()
        )

    def apply(self, target: Target) -> Reply:
        chunks = json_events(target)
        if not _told_by_id(chunks):
            return target.reply
        changed = {at: [self._indexed(chunk)] for at, chunk in enumerate(chunks) if call_fragments(chunk)}
        return with_json_events(target, changed)

    def _indexed(self, chunk: dict[str, Any]) -> dict[str, Any]:
        index = {"index": 0} if self.index == "same" else {}
        calls = [
            {name: one for name, one in call.items() if name != "index"} for call in call_fragments(chunk)
        ]
        return with_calls(chunk, [{**index, **call} for call in calls])

    def describe(self) -> str:
        return f"parallel tool calls have {_WORDS[self.index]}"


def _told_by_id(chunks: list[Any]) -> bool:
    """Whether there are several calls, each begun by an id of its own and finished before the next one begins."""
    indexes = [
        (call.get("index"), bool(call.get("id"))) for chunk in chunks for call in call_fragments(chunk)
    ]
    begun = [index for index, begins in indexes if begins]
    current: Any = None
    for index, begins in indexes:
        # Where the pieces of two calls come in turns, the index is all that tells them apart: without it the
        # reply would be another one, and the fault no longer transparent.
        current = index if begins else current
        if index != current:
            return False
    return len(begun) > 1 and len(set(begun)) == len(begun)
