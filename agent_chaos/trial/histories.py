"""What was said before a turn began: faults of the history change that, and leave what the turn itself says alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Messages = list[Any]


class Histories:
    """The histories of a run's turns. An agent sends its history with every call; it stays changed once it was."""

    def __init__(self) -> None:
        self._begun: dict[int, tuple[int, Messages]] = {}

    def begin(self, turn: int, call: int, messages: Messages) -> None:
        """Notes a call's messages; those of a turn's first call, less what the user says in it, are its history."""
        # The first call's: later ones of the turn have tool calls and results behind what the user said.
        self._begun.setdefault(turn, (call, messages[:-1]))

    def first_call(self, turn: int) -> int:
        """The call that a turn began with."""
        return self._begun[turn][0]

    def length(self, turn: int, messages: Messages) -> int | None:
        """How many of the messages are that turn's history; None where they belong to another conversation."""
        history = self._begun[turn][1]
        return len(history) if messages[: len(history)] == history else None


def rewritten_histories(
    messages: Messages, changes: Sequence[tuple[int, Callable[[Messages], Messages]]]
) -> Messages:
    """The messages with every history changed: of each change, how many messages it is about, and the change.

    A longer history contains the shorter ones, as they were changed.
    """
    changed: Messages = []
    done = 0
    # From the shortest, since each longer history begins with it.
    for length, change in sorted(changes, key=lambda one: one[0]):
        changed = change([*changed, *messages[done:length]])
        done = length
    return [*changed, *messages[done:]]
