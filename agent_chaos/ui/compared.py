"""Two values beside each other, line by line, with the lines marked in which they differ."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import Any

from agent_chaos.report.html.inert import inert

_MOST_LINES = 300
"""Of longer values nothing is marked: comparing takes time by the square of their lines, and they are folded anyway."""

Lines = list[tuple[str, bool]]


def compared(before: Any, after: Any) -> tuple[Lines, Lines]:
    """The lines of both, each with whether it differs; nothing where one is missing or too long to compare."""
    if before is None or after is None:
        return [], []
    left, right = inert(before).split("\n"), inert(after).split("\n")
    if max(len(left), len(right)) > _MOST_LINES:
        return [], []
    same_left: set[int] = set()
    same_right: set[int] = set()
    for block in SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks():
        same_left |= set(range(block.a, block.a + block.size))
        same_right |= set(range(block.b, block.b + block.size))
    return (
        [(line, number not in same_left) for number, line in enumerate(left)],
        [(line, number not in same_right) for number, line in enumerate(right)],
    )
