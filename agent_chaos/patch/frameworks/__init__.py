"""Agent frameworks whose tools are seen without wrapping: one file each, found by entry point or in this folder.

A member has `MODULE`, the module whose import brings the framework, and `patch(module)`, which makes the framework call its
tools through `seam.sync_tool` or `seam.async_tool`. It is called once, and only where the agent imports the framework.
"""

from __future__ import annotations

import sys
import warnings
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from agent_chaos.members import members
from agent_chaos.patch.imports import when_imported
from agent_chaos.runtime.seams import Changes, Seam

_GROUP = "agent_chaos.tools"
"""Entry points of other packages: each names a module like the members of this folder."""


def _members() -> list[Any]:
    ours = [member for member in members(sys.modules[__name__]) if hasattr(member, "MODULE")]
    # By the path, which a test or a plug-in may have made longer since.
    return [*ours, *_registered(tuple(sys.path))]


@cache
def _registered(_path: tuple[str, ...]) -> list[Any]:
    """What other packages on the path register; looked up once, since that reads a file of every installed package."""
    found = []
    for entry in entry_points(group=_GROUP):
        try:
            found.append(entry.load())
        # Another package's adapter is broken or too old; agents that do not use its framework still run.
        except (ImportError, AttributeError) as exc:
            said = f"the entry point {entry.name} of {_GROUP} cannot be loaded and is left out: {exc}"
            warnings.warn(said, RuntimeWarning, stacklevel=2)
    return found


def _apply(changes: Changes) -> None:
    for member in _members():
        when_imported(member.MODULE, member.patch)


SEAM = Seam("frameworks", _apply)
