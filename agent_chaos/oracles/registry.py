"""Finds the oracles: every module of this folder that exports `ORACLE`."""

from __future__ import annotations

from functools import cache

import agent_chaos.oracles as folder
from agent_chaos.members import exported
from agent_chaos.oracles.oracle import Oracle


@cache
def oracles() -> dict[str, Oracle]:
    """Every oracle by name."""
    found: list[Oracle] = exported(folder, "ORACLE")
    return {oracle.name: oracle for oracle in found}
