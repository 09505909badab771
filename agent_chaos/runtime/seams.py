"""What agent-chaos changes in a process, and how it is taken back."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ContextDecorator, contextmanager
from dataclasses import dataclass
from operator import is_
from types import ModuleType
from typing import Any, Literal

from agent_chaos.containment import OnFailure
from agent_chaos.runtime.imported_names import ImportedNames

_MISSING = object()


class Changes:
    """What was replaced, in order; `undo` puts it back, the last one first."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []
        self._replaced: list[tuple[Any, str]] = []
        self._rebound: dict[Any, Any] = {}
        self._imported = ImportedNames()

    def replace(self, owner: Any, name: str, value: Any) -> None:
        """Sets an attribute of a module or class until `undo`."""
        # From the dict, not by `getattr`: an inherited attribute must be deleted again, not copied into the
        # subclass, and a staticmethod is to come back as one. `__defaults__` is a slot of functions, which
        # no dict holds.
        before = owner.__dict__.get(name, _MISSING) if name != "__defaults__" else owner.__defaults__
        setattr(owner, name, value)
        self._put_back_later(owner, name, before)

    def noting(self, module: ModuleType, patch: Callable[[ModuleType], None]) -> None:
        """Calls `patch(module)`, and finds out by itself which attributes of the module and its classes it replaced."""
        # Each class once, though a module may have it under several names; by identity, as a metaclass may
        # make classes unhashable.
        owners = [module, *{id(v): v for v in vars(module).values() if isinstance(v, type)}.values()]
        before = [vars(owner).copy() for owner in owners]
        patch(module)
        for owner, attributes in zip(owners, before, strict=True):
            self._note_replaced(owner, attributes)

    def _note_replaced(self, owner: Any, before: Mapping[str, Any]) -> None:
        now = vars(owner)
        # Nearly every class is as it was, and C finds that out for all of its names at once.
        if len(now) == len(before) and all(map(is_, now.values(), before.values())):
            return
        for name, value in list(now.items()):
            if before.get(name, _MISSING) is not value:
                self._put_back_later(owner, name, before.get(name, _MISSING))

    def _put_back_later(self, owner: Any, name: str, before: Any) -> None:
        if name != "__defaults__":  # which no dict holds, and no agent replaces
            self._replaced.append((owner, name))
        self.on_undo(_putting_back(owner, name, before))

    def standing(self) -> Callable[[], None]:
        """Puts what stands now in the replaced places there again, where others replaced it since."""
        now = [(owner, name, vars(owner).get(name, _MISSING)) for owner, name in self._replaced]

        def stand_again() -> None:
            for owner, name, value in now:
                if vars(owner).get(name, _MISSING) is not value:
                    _putting_back(owner, name, value)()

        return stand_again

    def on_undo(self, undo: Callable[[], None]) -> None:
        self._undo.append(undo)

    def rebind(self, replaced: Mapping[Any, Any]) -> None:
        """Has `settle` replace functions also where other packages imported them by name.

        After that, it is for functions of a module that just comes into the process, which nobody has imported yet.
        """
        self._rebound |= replaced

    def settle(self) -> None:
        """Replaces what `rebind` was given, in one walk through all modules; `undo` also finds who imported it since."""
        self._imported.replace(self._rebound)
        # Undone by another walk: modules that were imported meanwhile took the patched function by name.
        self.on_undo(lambda: self._imported.replace({new: old for old, new in self._rebound.items()}))

    def undo(self) -> None:
        # The last first, since one seam may have replaced what another one had put there.
        while self._undo:
            self._undo.pop()()
        self._rebound.clear()
        self._replaced.clear()


def _putting_back(owner: Any, name: str, before: Any) -> Callable[[], None]:
    def undo() -> None:
        if before is not _MISSING:
            setattr(owner, name, before)
        # Somebody else may have taken it away already.
        elif name in vars(owner):
            delattr(owner, name)

    return undo


@dataclass(frozen=True)
class Found:
    """Whether a name that a seam relies on is there: `absent` says that its package is not installed."""

    seam: str
    name: str
    state: Literal["found", "missing", "absent"]


@dataclass(frozen=True)
class Seam:
    """One thing that is changed while an environment stands.

    Args:
        name: what people read.
        apply: makes the change, and notes it in the `Changes` that take it back.
        needs: the names of other packages, and the private ones of Python, that it relies on, as `module:attribute.path`.
    """

    name: str
    apply: Callable[[Changes], None]
    needs: Sequence[str] = ()

    def probe(self) -> tuple[Found, ...]:
        """Which of the needed names are there; imports what is installed."""
        return tuple(Found(self.name, name, _state(name)) for name in self.needs)


class Environment(ContextDecorator):
    """Seams that stand together: applied as it is first entered, and taken back as it is last left."""

    def __init__(self, *seams: Seam) -> None:
        self.seams = seams
        self._changes = Changes()
        self._depth = 0

    @property
    def stands(self) -> bool:
        return self._depth > 0

    def __enter__(self) -> None:
        if self._depth == 0:
            self._apply()
        self._depth += 1

    def __exit__(self, *error: object) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._changes.undo()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Has the seams stand after the block as they stood before it, whatever an agent put over them."""
        stand_again = self._changes.standing()
        try:
            yield
        finally:
            stand_again()

    def _apply(self) -> None:
        # Half an environment would stay for good: its depth is still 0, so that no exit would take it back.
        with OnFailure(lambda _: self._changes.undo()):
            for seam in self.seams:
                seam.apply(self._changes)
            self._changes.settle()


def _state(name: str) -> Literal["found", "missing", "absent"]:
    module_name, _, path = name.partition(":")
    if not _installed(module_name):
        return "absent"
    try:
        found: Any = importlib.import_module(module_name)
        for part in path.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError):
        return "missing"
    return "found"


def _installed(module: str) -> bool:
    root = module.partition(".")[0]
    return root in sys.modules or importlib.util.find_spec(root) is not None
