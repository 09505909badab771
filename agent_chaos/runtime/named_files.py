"""Modules that are found in files by their whole names, wherever those stand.

It imports nothing of agent-chaos: each process that a user's program starts anew reads it first.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from types import ModuleType


class _NamedFiles(MetaPathFinder):
    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        file = self._files.get(fullname)
        return None if file is None else spec_from_file_location(fullname, file)


def let_import(files: Mapping[str, str]) -> None:
    """Lets this process import modules from files, each under the name that stands before it."""
    sys.meta_path.append(_NamedFiles(files))
