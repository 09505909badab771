"""The numbers of faults: edges now and then, else spread evenly over every scale, since narrow windows lie at each.

The n-th value of a field depends on n alone: the edges first, then points that halve the gaps between earlier ones, by
turns on a logarithmic and on a linear scale (van der Corput's sequence).
"""

from __future__ import annotations

import math
from collections import Counter

from agent_chaos.search.scope import Bounds

_EDGE_EVERY = 6


class FieldNumbers:
    """Draws the values of fields, each field by its own sequence."""

    def __init__(self) -> None:
        self._drawn: Counter[tuple[str, str]] = Counter()

    def values(self, kind: str, fields: tuple[Bounds, ...]) -> list[int]:
        """A value for each field of a fault."""
        return [self._value(kind, bounds) for bounds in fields]

    def _value(self, kind: str, bounds: Bounds) -> int:
        name, _, _ = bounds
        number = self._drawn[kind, name]
        self._drawn[kind, name] += 1
        return nth(bounds, number)


def nth(bounds: Bounds, number: int) -> int:
    """The value with that number, from 0, of a field."""
    _, low, high = bounds
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
