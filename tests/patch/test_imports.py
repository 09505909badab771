"""While an environment stands, a module is patched whenever it comes into the process, whoever finds it."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import zipfile
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import pytest

from agent_chaos.patch import imports
from agent_chaos.patch.imports import when_imported
from agent_chaos.patch.install import environment
from agent_chaos.runtime.seams import Environment


class Editable(MetaPathFinder):
    """A finder as editable installs bring one: it alone knows where the module is."""

    def __init__(self, name: str, path: Path) -> None:
        self._name = name
        self._path = path

    def find_spec(
        self, name: str, path: object = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return importlib.util.spec_from_file_location(name, self._path) if name == self._name else None


@pytest.fixture
def module(tmp_path: Path) -> Path:
    made = tmp_path / "somebodys_sdk.py"
    made.write_text("x = 1\n")
    with environment():
        yield made
    sys.modules.pop("somebodys_sdk", None)


def noted(name: str) -> list[ModuleType]:
    found: list[ModuleType] = []
    when_imported(name, found.append)
    return found


def test_a_module_of_another_finder_is_patched(module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Editable("somebodys_sdk", module)])
    found = noted("somebodys_sdk")
    imported = importlib.import_module("somebodys_sdk")

    assert found == [imported]
    assert type(imported.__loader__).__name__ == "SourceFileLoader"


def test_a_module_in_an_archive_is_patched(module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = module.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w") as packed:
        packed.write(module, "somebodys_sdk.py")
    module.unlink()
    monkeypatch.syspath_prepend(archive)
    found = noted("somebodys_sdk")

    assert found == [importlib.import_module("somebodys_sdk")]


def test_a_reloaded_module_is_patched_again(module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(module.parent)
    imported = importlib.import_module("somebodys_sdk")
    found = noted("somebodys_sdk")
    importlib.reload(imported)

    assert found == [imported, imported]


def test_an_environment_that_stands_again_patches_no_more_than_the_first_time() -> None:
    def count() -> int:
        return sum(len(patches) for patches in imports._finder.patches.values())

    with environment():
        once = count()
    with environment():
        assert count() == once


def test_a_function_is_replaced_where_others_imported_it_and_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ours() -> None: ...

    def patch(patched: ModuleType) -> None:
        imports.replace_everywhere(patched.x, ours)
        patched.x = ours

    (tmp_path / "their_sdk.py").write_text("def x(): ...\n")
    monkeypatch.syspath_prepend(tmp_path)
    real = importlib.import_module("their_sdk").x
    holder = ModuleType("somebodys_agent")
    holder.x = real
    monkeypatch.setitem(sys.modules, "somebodys_agent", holder)
    when_imported("their_sdk", patch)
    with Environment(imports.SEAM):
        assert holder.x is ours
    assert holder.x is real
