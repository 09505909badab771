"""A change of JSON carried over to a recorded value: what a protocol does not read stays, and so does all that did not change."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any


def merged_json(recorded: Any, read: Any, written: Any) -> Any:
    """The recorded value with what changed between `read`, as a protocol writes it back unchanged, and `written`."""
    if written == read:
        return recorded
    if isinstance(recorded, dict) and isinstance(read, dict) and isinstance(written, dict):
        return _merged_objects(recorded, read, written)
    if isinstance(recorded, list) and isinstance(read, list) and isinstance(written, list):
        # Elements have no names: with other lengths nobody can say which one is which.
        return _merged_arrays(recorded, read, written) if len(recorded) == len(read) else written
    return written


def agrees(recorded: Any, read: Any, noise: Collection[str] = ()) -> bool:
    """Whether a protocol writes back what was recorded: nothing but fields that it does not read, or that it adds.

    Fields that `noise` names may differ.
    """
    if isinstance(recorded, dict) and isinstance(read, dict):
        known = (name for name in read if name in recorded and name not in noise)
        return all(agrees(recorded[name], read[name], noise) for name in known)
    if isinstance(recorded, list) and isinstance(read, list):
        return len(recorded) == len(read) and all(
            agrees(one, other, noise) for one, other in zip(recorded, read, strict=True)
        )
    return bool(recorded == read)


def _merged_objects(
    recorded: dict[str, Any], read: dict[str, Any], written: dict[str, Any]
) -> dict[str, Any]:
    unread = {name: value for name, value in recorded.items() if name not in read and name not in written}
    found: dict[str, Any] = {}
    for name, value in written.items():
        if name not in read:
            found[name] = value
        elif name in recorded:
            found[name] = merged_json(recorded[name], read[name], value)
        elif value != read[name]:  # else it is what the protocol adds to everything that it writes
            found[name] = value
    return found | unread


def _merged_arrays(recorded: list[Any], read: list[Any], written: list[Any]) -> list[Any]:
    head = _agreeing(read, written)
    tail = _agreeing(read[head:][::-1], written[head:][::-1])
    old, before, after = (one[head : len(one) - tail] for one in (recorded, read, written))
    if len(before) == len(after):
        after = [merged_json(*one) for one in zip(old, before, after, strict=True)]
    return [*recorded[:head], *after, *recorded[len(recorded) - tail :]]


def _agreeing(one: Sequence[Any], other: Sequence[Any]) -> int:
    """How many elements are equal from the start."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
