"""Two recordings beside each other: what both say, and what one of them says alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from agent_chaos.cassette.conversation import conversation_lines
from agent_chaos.cassette.model import Cassette

_AROUND = 3
"""Lines that both say are shown so many before and after a difference; more of them are folded."""


@dataclass(frozen=True, slots=True)
class LinePair:
    """A line of each, '' where one has none; `folded` is how many lines that both say stand here in its place."""

    before: str
    after: str
    differs: bool = False
    folded: tuple[str, ...] = ()


def conversations_compared(before: Cassette, after: Cassette) -> list[LinePair]:
    """The lines of two conversations; empty where they say the same."""
    left, right = conversation_lines(before), conversation_lines(after)
    return [] if left == right else list(_paired(left, right))


def _paired(left: list[str], right: list[str]) -> Iterator[LinePair]:
    # Lines that come often are lines, too.
    matched = SequenceMatcher(None, left, right, autojunk=False)
    for kind, start, end, other_start, other_end in matched.get_opcodes():
        if kind == "equal":
            yield from _same(left[start:end], starts=start == 0, ends=end == len(left))
        else:
            for before, after in zip_longest(left[start:end], right[other_start:other_end], fillvalue=""):
                yield LinePair(before, after, differs=True)


def _same(lines: list[str], *, starts: bool, ends: bool) -> Iterator[LinePair]:
    head, tail = 0 if starts else _AROUND, len(lines) - (0 if ends else _AROUND)
    if tail - head < 2:
        head = tail = len(lines)
    yield from (LinePair(line, line) for line in lines[:head])
    if lines[head:tail]:
        yield LinePair("", "", folded=tuple(lines[head:tail]))
    yield from (LinePair(line, line) for line in lines[tail:])
