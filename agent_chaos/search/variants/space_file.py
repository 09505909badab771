"""Loads a `ChaosSpace` as people name it: `file.py:NAME`, `pkg.module:NAME`, or a file that has one."""

from __future__ import annotations

from functools import reduce
from pathlib import Path
from types import ModuleType

from agent_chaos.errors import UsageError
from agent_chaos.scenario.imports import import_file, import_module, importing
from agent_chaos.search.variants.chaos_space import ChaosSpace


def chaos_space(ref: str) -> ChaosSpace:
    """The space of that name; a function of no arguments that returns one will do, as `ChaosSpace.stress`.

    Raises:
        UsageError: there is no such file, module or name, or it is no space.
    """
    # A whole file first: its path may hold a colon (`C:\…`).
    place, _, name = (ref, "", "") if Path(ref).is_file() else ref.rpartition(":")
    if Path(place).is_file():
        module = import_file(Path(place))
    elif place and not place.endswith(".py"):
        module = import_module(place)
    else:
        raise UsageError(f"--space {ref}: no such file; name one as file.py:NAME or pkg.module:NAME")
    return _named(module, name, ref) if name else _only(module, ref)


def _named(module: ModuleType, name: str, ref: str) -> ChaosSpace:
    try:
        value = reduce(getattr, name.split("."), module)
    except AttributeError:
        raise UsageError(f"--space {ref}: no {name!r} there; spaces in it: {_listed(module)}") from None
    if callable(value):
        with importing(ref, doing=f"{name}() fails"):
            value = value()
    if not isinstance(value, ChaosSpace):
        raise UsageError(f"--space {ref}: expected a ChaosSpace, found {type(value).__name__}")
    return value


def _only(module: ModuleType, ref: str) -> ChaosSpace:
    found = [value for value in vars(module).values() if isinstance(value, ChaosSpace)]
    if len(found) != 1:
        raise UsageError(f"--space {ref}: name one of its spaces, as {ref}:NAME; in it: {_listed(module)}")
    return found[0]


def _listed(module: ModuleType) -> str:
    names = [name for name, value in vars(module).items() if isinstance(value, ChaosSpace)]
    return ", ".join(names) or "none"
