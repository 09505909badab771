"""Runs a patch as soon as the module it patches has been imported: now, later, by any finder, and again when reloaded."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from agent_chaos.runtime.seams import Changes, Seam

Patch = Callable[[ModuleType], None]


class _PatchingLoader(Loader):
    """Another loader, followed by patches. It gives its place back before the module runs, so that nobody meets it."""

    def __init__(self, inner: Loader, patches: Sequence[Patch]) -> None:
        self._inner = inner
        self._patches = patches

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._inner.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        # Before the module runs, not after: `importlib.resources` and `inspect` ask a package's loader
        # while it is imported.
        module.__loader__ = self._inner
        if module.__spec__ is not None:
            module.__spec__.loader = self._inner
        self._inner.exec_module(module)
        for patch in self._patches:
            _finder.patch(module, patch)


class _Finder(MetaPathFinder):
    """Asks the other finders, whatever they are: those of editable installs and of archives as well as the path's."""

    def __init__(self) -> None:
        self.patches: dict[str, list[Patch]] = {}
        self.changes: Changes | None = None

    def patch(self, module: ModuleType, patch: Patch) -> None:
        """Patches a module until the environment that stands is left; not at all where none does."""
        if self.changes is not None:
            self.changes.noting(module, patch)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        # Asked for every import of the process, so the usual answer comes from one look-up.
        patches = self.patches.get(fullname)
        if patches is None:
            return None
        spec = self._elsewhere(fullname, path, target)
        if spec is not None and spec.loader is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = _PatchingLoader(spec.loader, patches)
        return spec

    def _elsewhere(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        # Not `PathFinder`: editable installs of setuptools, pytest's assertion rewriting and zipped
        # packages have finders of their own in this list, and whatever they find must be patched too.
        for finder in sys.meta_path:
            if finder is not self and hasattr(finder, "find_spec"):
                spec = finder.find_spec(fullname, path, target)
                if spec is not None:
                    return spec
        return None


_finder = _Finder()


def when_imported(name: str, patch: Patch) -> None:
    """While an environment stands, calls `patch(module)` whenever `name` has been imported or reloaded, or is already.

    A reload runs a package's `__init__` again and keeps its submodules: `patch` must leave alone what it patched before.
    What it replaces in the module and in its classes is put back when the environment is left.
    """
    patches = _finder.patches.setdefault(name, [])
    # Registered once: a second environment finds the patches of the first here.
    if patch in patches:
        return
    patches.append(patch)
    if name in sys.modules:
        _finder.patch(sys.modules[name], patch)


def replace_everywhere(real: object, ours: object) -> None:
    """Has a patch's function stand for another one in every module that imported it by name, while the environment stands."""
    if _finder.changes is not None:
        _finder.changes.rebind({real: ours})


def _apply(changes: Changes) -> None:
    # First, since the first finder that knows a module ends the question.
    sys.meta_path.insert(0, _finder)
    _finder.changes = changes
    changes.on_undo(_leave)
    # Copies: a patch may import something, which registers patches in turn.
    for name, patches in list(_finder.patches.items()):
        for patch in list(patches):
            if name in sys.modules:
                _finder.patch(sys.modules[name], patch)


def _leave() -> None:
    _finder.changes = None
    if sys.meta_path:  # an interpreter that shuts down has none
        sys.meta_path.remove(_finder)


SEAM = Seam("imports", _apply)
