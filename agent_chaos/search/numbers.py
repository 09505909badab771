"""The numbers of faults: edges now and then, else spread evenly over every scale, since narrow windows lie at each.

The n-th value of a field depends on n alone: the edges first, then points that halve the gaps between earlier ones, by
turns on a logarithmic and on a linear scale (van der Corput's sequence). A time limit of the agent is closed in on, and waits
that add up stay below it, or they would be cut short.
"""

from __future__ import annotations

import math
from collections import Counter

from agent_chaos.search.scope import Bounds

_EDGE_EVERY = 6
_LIMIT_EVERY = 4
_CLOSE = 8
"""A limit is known where it lies within this part of its value."""


class FieldNumbers:
    """Draws the values of fields, each field by its own sequence, and where the agent shows a limit, around that."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._drawn: Counter[tuple[str, str, bool]] = Counter()
        self._limits = limits or Limits()

    def values(self, kind: str, fields: tuple[Bounds, ...], *, great: bool = False) -> list[int]:
        """A value for each field of a fault; `great`: in the upper half of what the agent does not notice by itself."""
        return [self._value(kind, bounds, great=great) for bounds in fields]

    def _value(self, kind: str, bounds: Bounds, *, great: bool) -> int:
        name, low, high = bounds
        number = self._drawn[kind, name, great]
        self._drawn[kind, name, great] += 1
        limit = self._limits.of(kind, name)
        if limit is not None and (great or number % _LIMIT_EVERY == 0):
            passed, noticed = limit
            # The middle of what is not known: each draw halves it, until the limit is known to an eighth.
            if noticed - passed > 1 + passed // _CLOSE:
                return (passed + noticed) // 2
            high = passed
        if great:
            return high - round((high - low) / 2 * _halving(number))
        return nth((name, low, high), number)


class Limits:
    """For fields of faults the greatest value that an agent let pass, and the least that made it ask again or end."""

    def __init__(self) -> None:
        self._passed: dict[tuple[str, str], int] = {}
        self._noticed: dict[tuple[str, str], int] = {}

    def learn(self, kind: str, name: str, value: int, *, noticed: bool) -> None:
        """Takes in what came of a value."""
        if noticed:
            self._noticed[kind, name] = min(value, self._noticed.get((kind, name), value))
        else:
            self._passed[kind, name] = max(value, self._passed.get((kind, name), value))

    def of(self, kind: str, name: str) -> tuple[int, int] | None:
        """Both, where one is below the other: what an agent does not stand by the value has no limit."""
        passed, noticed = self._passed.get((kind, name)), self._noticed.get((kind, name))
        return (passed, noticed) if passed is not None and noticed is not None and passed < noticed else None


def nth(bounds: Bounds, number: int) -> int:
    """The value with that number, from 0, of a field."""
    _, low, high = bounds
    # The edges at once and then twice in twelve: they find most where a bound is checked at all.
    if number % _EDGE_EVERY < 2 and (number < _EDGE_EVERY or number % (2 * _EDGE_EVERY) < 2):
        return (low, high)[number % _EDGE_EVERY]
    share = _halving(number // 2 + 1)
    span = high - low
    if number % 2:
        return low + round(span * share)
    return low + round(math.pow(span + 1, share)) - 1


def _halving(number: int) -> float:
    """The binary digits of a number mirrored at the point: 1/2, 1/4, 3/4, 1/8, …"""
    share, part = 0.0, 0.5
    while number:
        share += part * (number & 1)
        number, part = number >> 1, part / 2
    return share


def spread_below(low: int, value: int, most: int) -> list[int]:
    """The values between, ascending; where there are more than `most`, so many of them at equal distances."""
    between = range(low + 1, value)
    step = -(-len(between) // most) if between else 1
    return list(between[::step])
