"""What differs between two texts, for the eye: whole words where both go on, the exact place where one ends."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent_chaos.report.contents.difference import Pair, agreeing

_INSIDE = re.compile(r"[\w.,+-]")
"""What a word or a number is made of."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A text in three parts, of which the middle one differs."""

    before: str
    changed: str
    after: str


def marked(pair: Pair) -> tuple[Marked, Marked]:
    """The recorded text (empty where there is none) and the one of the run."""
    was, now = pair.recorded or "", pair.as_run
    start = pair.same
    # Bytes are not words, and the very place is what such a pair is shown for.
    if start < min(len(was), len(now)) and not pair.label.startswith("bytes"):
        start = _word_start(was, now, start)
    end = _common_end(was[start:], now[start:])
    return _parts(was, start, end), _parts(now, start, end)


def marked_texts(recorded: str, as_run: str) -> tuple[Marked, Marked]:
    """The same of two texts of a conversation."""
    same = agreeing(recorded, as_run)
    return marked(Pair(label="", recorded=recorded, as_run=as_run, same=same))


def _parts(text: str, start: int, end: int) -> Marked:
    stop = len(text) - end
    return Marked(text[:start], text[start:stop], text[stop:])


def _word_start(was: str, now: str, at: int) -> int:
    if _INSIDE.match(was[at]) or _INSIDE.match(now[at]):
        while at and _INSIDE.match(was[at - 1]):
            at -= 1
    return at


def _common_end(left: str, right: str) -> int:
    """How many last characters agree, down to where a word begins in both."""
    same = 0
    while same < min(len(left), len(right)) and left[-1 - same] == right[-1 - same]:
        same += 1
    while same and _INSIDE.match(left[len(left) - same]):
        same -= 1
    return same
