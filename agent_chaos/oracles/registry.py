"""Finds the oracles: every module of this folder that exports `ORACLE`."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import agent_chaos.oracles as folder
from agent_chaos.oracles.oracle import Oracle

_NOT_ORACLES = {
    "conversations",
    "dropped",
    "effects",
    "judge",
    "oracle",
    "reading",
    "registry",
    "reissues",
    "told",
    "verdict",
}


@cache
def oracles() -> dict[str, Oracle]:
    """Every oracle by name."""
    found: dict[str, Oracle] = {}
    for module_info in pkgutil.iter_modules(folder.__path__):
        if module_info.name in _NOT_ORACLES:
            continue
        module = importlib.import_module(f"{folder.__name__}.{module_info.name}")
        oracle = getattr(module, "ORACLE", None)
        if oracle is not None:
            found[oracle.name] = oracle
    return found
