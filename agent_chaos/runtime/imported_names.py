"""Functions that modules imported by name, which stay the old ones when the module they came from is patched."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

_MEASURES_REAL_TIME = frozenset(
    ["agent_chaos", "hypothesis", "pytest", "_pytest", "rich", "coverage", "time_machine", "xdist", "execnet"]
)
"""Packages that measure real time around a run."""


class ImportedNames:
    """Replaces functions in all modules that hold them.

    A big process holds a million names, and walking through them takes as long as a whole trial. So what a module held is
    remembered, and a module is looked through again only when it has more or fewer names than before. One in which there
    was nothing, not even a name that a replaced function usually has, is passed over until then.
    """

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, int, tuple[str, ...]]] = {}
        self._passed_over: dict[frozenset[str], dict[str, tuple[int, int]]] = {}

    def replace(self, replaced: Mapping[Any, Any]) -> None:
        """Puts the values of `replaced` where modules hold its keys; modules of the standard library stay as they are."""
        by_id = {id(old): new for old, new in replaced.items()}
        usual = frozenset(str(getattr(old, "__name__", "")) for old in replaced)
        passed_over = self._passed_over.setdefault(usual, {})
        for name, module in list(sys.modules.items()):
            names = getattr(module, "__dict__", None) if _of_others(name) else None
            if names is None or passed_over.get(name) == (id(names), len(names)):
                continue
            holding = self._holding(name, names, by_id, usual)
            if not holding:
                passed_over[name] = id(names), len(names)
            for attribute in holding:
                if (value := names.get(attribute)) is not None and id(value) in by_id:
                    setattr(module, attribute, by_id[id(value)])

    def _holding(
        self, name: str, names: dict[str, Any], by_id: Mapping[int, Any], usual: frozenset[str]
    ) -> Collection[str]:
        """The names by which a module may hold something that is replaced."""
        place, size, held = self._seen.get(name, (0, 0, ()))
        if (place, size) != (id(names), len(names)):
            held = tuple(attribute for attribute, value in list(names.items()) if id(value) in by_id)
            self._seen[name] = id(names), len(names), held
        # The intersection is made in C, and is empty for nearly every module.
        return (*held, *(names.keys() & usual)) if held else names.keys() & usual


@cache
def _of_others(name: str) -> bool:
    """Whether a module is neither Python's own nor of a package that measures real time."""
    root = name.partition(".")[0]
    return root not in sys.stdlib_module_names and root not in _MEASURES_REAL_TIME
