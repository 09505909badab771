"""Values that keep what was worked out of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, TypeVar

_T = TypeVar("_T")


@dataclass(frozen=True)
class Deriving:
    """A dataclass whose instances keep what is worked out of them, each for as long as it lives."""

    def derived(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """What `make` works out of this value and nothing else: made once.

        `key` names it, and whose it is. It is shared, so nobody may change it.
        """
        # Not `cached_property` for each: keys name who works it out, so that rooms above keep things here
        # without this one knowing them.
        kept = self._derived
        if key not in kept:
            kept[key] = make()
        found: _T = kept[key]
        return found

    @cached_property
    def _derived(self) -> dict[Hashable, Any]:
        return {}

    def __getstate__(self) -> dict[str, Any]:
        kept = vars(self)
        # What was derived, and kept by `cached_property`, would be sent between processes as well, many times
        # the size of the value; it is made again where the copy is used.
        return {one.name: kept[one.name] for one in fields(self)}
