"""Why a model stopped: a provider's words for it in neutral ones, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from agent_chaos.providers.turn import ModelTurn, Part, StopReason, ToolCall


@dataclass(frozen=True, slots=True)
class StopReasons:
    """One protocol's table: `means` says what each of its words means, `words` which word a changed meaning gets.

    A word that `words` gives for a plain end and for tool use alike means tool use in a turn that calls tools.
    """

    means: Mapping[str, StopReason]
    words: Mapping[StopReason, str]

    def neutral(self, word: Any, parts: Iterable[Part] = ()) -> StopReason | None:
        """A provider's word in neutral ones; `other` where it is unknown, None where none was sent."""
        if not isinstance(word, str):
            return None
        # Gemini and Ollama say the same word for an answer and for tool calls.
        if word == self.words["tool_use"] and any(isinstance(part, ToolCall) for part in parts):
            return "tool_use"
        return self.means.get(word, "other")

    def word(self, turn: ModelTurn) -> str | None:
        """The word for a turn's end: the one it came with, unless its meaning was changed; None where it has none."""
        if turn.stop is None:
            return None
        raw = turn.stop_raw
        if raw is not None and (self.words[turn.stop] == raw or self.neutral(raw, turn.parts) == turn.stop):
            return raw
        return self.words[turn.stop]
