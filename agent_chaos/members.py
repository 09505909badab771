"""Finds the members of a folder of plug-ins: one module or one package each; there is no list to add them to."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any


def members(folder: ModuleType) -> Iterator[ModuleType]:
    """Every module and package directly inside a package, imported, by name."""
    for found in sorted(pkgutil.iter_modules(folder.__path__), key=lambda info: info.name):
        yield importlib.import_module(f"{folder.__name__}.{found.name}")


def exported(folder: ModuleType, name: str) -> list[Any]:
    """What the members of a package export under `name`, in the order of the members; those without it are passed over."""
    return [getattr(member, name) for member in members(folder) if hasattr(member, name)]


def defined(folder: ModuleType) -> Iterator[type]:
    """Every class that a member of a package defines itself, not the ones that it imports."""
    for member in members(folder):
        yield from (
            value
            for value in vars(member).values()
            if isinstance(value, type) and value.__module__ == member.__name__
        )
