"""Functions that modules imported by name, which stay the old ones when the module they came from is patched."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import compress
from operator import is_, ne
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
        self._modules: dict[frozenset[str], _Modules] = {}

    def replace(self, replaced: Mapping[Any, Any]) -> None:
        """Puts the values of `replaced` where modules hold its keys; modules of the standard library stay as they are."""
        # By identity: what modules hold may be unhashable, or compare itself in a way of its own.
        by_id = {id(old): new for old, new in replaced.items()}
        usual = frozenset(str(getattr(old, "__name__", "")) for old in replaced)
        modules = self._modules.setdefault(usual, _Modules())
        for one in modules.to_look_through():
            holding = self._holding(one.name, one.names, by_id, usual)
            if not holding:
                modules.pass_over(one)
            for attribute in holding:
                # Looked up again: the names were noted in an earlier walk, and the module may have let go
                # of one.
                if (value := one.names.get(attribute)) is not None and id(value) in by_id:
                    setattr(one.module, attribute, by_id[id(value)])

    def _holding(
        self, name: str, names: dict[str, Any], by_id: Mapping[int, Any], usual: frozenset[str]
    ) -> Collection[str]:
        """The names by which a module may hold something that is replaced."""
        place, size, held = self._seen.get(name, (0, 0, ()))
        # By `id` and size, which C knows at once; a name that was bound anew meanwhile is met by `usual`,
        # if it is called as usual.
        if (place, size) != (id(names), len(names)):
            held = tuple(attribute for attribute, value in list(names.items()) if id(value) in by_id)
            self._seen[name] = id(names), len(names), held
        # The intersection is made in C, and is empty for nearly every module.
        return (*held, *(names.keys() & usual)) if held else names.keys() & usual


@dataclass(frozen=True, slots=True)
class _Module:
    name: str
    module: Any
    names: dict[str, Any]


class _Listing:
    """The modules of others at one time. Holds their names, so that no other names come to stand at the same address."""

    def __init__(self, named: Mapping[str, Any]) -> None:
        self.named = named
        self.every = list(named.values())
        self.modules = [
            _Module(name, module, names)
            for name, module in named.items()
            if _of_others(name) and (names := getattr(module, "__dict__", None)) is not None
        ]
        self.names = [one.names for one in self.modules]
        self.places = list(map(id, self.names))


_newest = [_Listing({})]


def _listed() -> _Listing:
    """The modules of others now; made again only where any module came, went or was replaced."""
    every, known = list(sys.modules.values()), _newest[0].every
    if len(every) != len(known) or not all(map(is_, every, known)):
        _newest[0] = _Listing(dict(sys.modules))
    return _newest[0]


def modules_now() -> Mapping[str, Any]:
    """What `sys.modules` holds, as a copy that later changes leave alone: the same one until any module comes or goes.

    A new copy for each run would take a big process as long as a request.
    """
    return _listed().named


class _Modules:
    """The modules of others, and how many names each had when nothing was found in it.

    Whether any is another one, or has more names, is asked of all of them at once, in C: a loop over the modules of a big
    process takes longer than a trial.
    """

    def __init__(self) -> None:
        self._listing = _newest[0]
        self._empty_at: dict[int, int] = {}

    def to_look_through(self) -> list[_Module]:
        now = _listed()
        if now is not self._listing:
            for gone in self._empty_at.keys() - set(now.places):
                del self._empty_at[gone]
            self._listing = now
        sizes, empty_at = map(len, now.names), map(self._empty_at.get, now.places)
        return list(compress(now.modules, map(ne, sizes, empty_at)))

    def pass_over(self, one: _Module) -> None:
        """Leaves a module out until it has more or fewer names."""
        self._empty_at[id(one.names)] = len(one.names)


@cache
def _of_others(name: str) -> bool:
    """Whether a module is neither Python's own nor of a package that measures real time."""
    root = name.partition(".")[0]
    return root not in sys.stdlib_module_names and root not in _MEASURES_REAL_TIME
