"""Targets that are command lines: how they are written down, so that a stored failure can name one. Imports nothing heavy."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

PREFIX = "-- "
"""How a target begins that is a command line; what follows is written as for a shell."""


def command_target(command: Sequence[str]) -> str:
    """The target that stands for a command line."""
    return f"{PREFIX}{shlex.join(command)}"
