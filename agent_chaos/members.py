"""Finds the members of a folder of plug-ins: one module or one package each; there is no list to add them to."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any

from agent_chaos.containment import Contained


def members(folder: ModuleType) -> Iterator[ModuleType]:
    """Every module and package directly inside a package, imported, by name."""
    # Sorted: the order of a folder differs from one file system to the next, and with it the plans that a
    # seed means.
    for found in sorted(pkgutil.iter_modules(folder.__path__), key=lambda info: info.name):
        yield importlib.import_module(f"{folder.__name__}.{found.name}")


def registered_modules(group: str) -> Iterator[ModuleType]:
    """The modules that other packages register under a group of entry points, by name.

    Raises ImportError with the name of the entry point, where one does not import.
    """
    for entry in sorted(entry_points(group=group), key=lambda entry: entry.name):
        # Another package's code may fail in any way, and whoever installed it is to learn which package it was.
        with Contained() as contained:
            module = entry.load()
        if (exc := contained.error) is not None:
            raise ImportError(f"entry point {entry.name!r} of {group} does not import: {exc}") from exc
        yield module


def exported(folder: ModuleType, name: str) -> list[Any]:
    """What the members of a package export under `name`, in the order of the members; those without it are passed over."""
    return [getattr(member, name) for member in members(folder) if hasattr(member, name)]


def defined(modules: Iterable[ModuleType]) -> Iterator[type]:
    """Every class that modules define themselves, not the ones that they import."""
    for module in modules:
        yield from (
            value
            for value in vars(module).values()
            # A member imports its base class, and may import other classes, which are no members of its own.
            if isinstance(value, type) and value.__module__ == module.__name__
        )
