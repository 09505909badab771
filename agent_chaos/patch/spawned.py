"""Processes that `multiprocessing` starts anew: users' files have the names there that they have here.

Such a process gets its work by the names of modules, and Python finds no file under the name that ours was imported by. It would
end, and a pool would start the next one, for ever.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from agent_chaos.patch.imports import when_imported
from agent_chaos.runtime.named_files import let_import
from agent_chaos.runtime.seams import Seam
from agent_chaos.trace.trace import IMPORTED_AS


class _Told:
    """Calls `let_import` in the process that unpickles it, before that reads what it is to run."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files

    def __reduce__(self) -> tuple[Any, ...]:
        return let_import, (self._files,)


def _imported_files() -> dict[str, str]:
    """The files of users that were imported by path, by the names of their modules."""
    named = [(name, module) for name, module in list(sys.modules.items()) if name.startswith(IMPORTED_AS)]
    return {name: str(file) for name, module in named if (file := getattr(module, "__file__", None))}


def _tell(module: ModuleType) -> None:
    actual = vars(module)["get_preparation_data"]

    def get_preparation_data(name: str) -> dict[str, Any]:
        told: dict[str, Any] = actual(name)
        files = _imported_files()
        # Under a key that `multiprocessing` does not look for: it is enough that the value is unpickled.
        return {**told, "agent_chaos_files": _Told(files)} if files else told

    vars(module)["get_preparation_data"] = get_preparation_data


SEAM = Seam(
    "names in new processes",
    lambda changes: when_imported("multiprocessing.spawn", _tell),
    needs=("multiprocessing.spawn:get_preparation_data",),
)
