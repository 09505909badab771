"""Where the tokens of a JSON text are, complete or not: numbers, string values, escapes. For semantic positions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_NUMBER = re.compile(r"-?\d[\d.eE+-]*")
_FIGURE = re.compile(r"\d[\d.,]*\d")


@dataclass(slots=True)
class Inside:
    """Cut positions in characters: a text cut there ends inside a number, a string value, or an escape."""

    number: list[int] = field(default_factory=list)
    string: list[int] = field(default_factory=list)
    escape: list[int] = field(default_factory=list)


def inside(text: str) -> Inside:
    """Every cut position of a JSON text by the kind of token it falls in. Keys and names do not count."""
    found, at = Inside(), 0
    while at < len(text):
        if text[at] == '"':
            at = _string(text, at, found)
        elif match := _NUMBER.match(text, at):
            # Behind a digit only: `-` or `1.` is no number, and a parser that mends JSON would drop it.
            found.number += [i for i in range(at + 1, match.end()) if text[i - 1].isdigit()]
            at = match.end()
        else:
            at += 1
    return found


def within_numbers(text: str) -> list[int]:
    """Every position of a text, prose or JSON, that a cut leaves the beginning of a number at."""
    found = (range(match.start() + 1, match.end()) for match in _FIGURE.finditer(text))
    return [at for places in found for at in places if text[at - 1].isdigit()]


def _string(text: str, start: int, found: Inside) -> int:
    """Notes the positions inside the string that starts at `start`; gives the position after it."""
    at = start + 1
    inner: list[int] = []
    escapes: list[int] = []
    while at < len(text) and text[at] != '"':
        if text[at] == "\\":
            # `\u00e9` has six characters, every other escape two (RFC 8259, section 7).
            length = 6 if text[at + 1 : at + 2] == "u" else 2
            escapes += range(at + 1, min(at + length, len(text)))
            at += length
        else:
            inner.append(at)
            at += 1
    # Names of fields are left out: a cut there is as good as one before the field, which other positions
    # show.
    if not text[at + 1 :].lstrip().startswith(":"):
        found.string += [i for i in inner if i > start + 1]
        found.escape += escapes
    return at + 1
