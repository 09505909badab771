"""Members of a folder of plug-ins find themselves and do not import each other; what they share stands beside them."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from types import ModuleType

import pytest

import agent_chaos.oracles
import agent_chaos.patch.frameworks
import agent_chaos.providers
from agent_chaos.members import defined, exported, members

FOLDERS = {
    "oracles": (agent_chaos.oracles, "ORACLE"),
    "protocols": (agent_chaos.providers, "PROTOCOL"),
    "frameworks": (agent_chaos.patch.frameworks, "MODULE"),
}


def imported_by(module: ModuleType) -> set[str]:
    found: set[str] = set()
    for file in _files(module):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def _files(module: ModuleType) -> list[Path]:
    place = Path(str(module.__file__))
    return sorted(place.parent.glob("*.py")) if place.name == "__init__.py" else [place]


@pytest.mark.parametrize("name", FOLDERS)
def test_members_of_a_folder_do_not_import_each_other(name):
    folder, mark = FOLDERS[name]
    own = [member for member in members(folder) if hasattr(member, mark)]
    names = {member.__name__ for member in own}
    known = {
        member.__name__: sorted(
            other
            for other in names - {member.__name__}
            if any(one == other or one.startswith(f"{other}.") for one in imported_by(member))
        )
        for member in own
    }

    assert len(own) > 3
    assert {member: others for member, others in known.items() if others} == {}


@pytest.fixture
def plug_ins(tmp_path, monkeypatch):
    """A package with one module, one sub-package and one helper, none of them listed anywhere."""
    folder = tmp_path / "found_by_itself"
    (folder / "second").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "first.py").write_text("from collections import Counter\nMARK = 1\nclass Own: pass\n")
    (folder / "helper.py").write_text("other = 3\n")
    (folder / "second" / "__init__.py").write_text("MARK = 2\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield __import__("found_by_itself")
    for name in [name for name in sys.modules if name.startswith("found_by_itself")]:
        del sys.modules[name]


def test_a_module_or_a_package_is_found_by_what_it_exports(plug_ins):
    assert exported(plug_ins, "MARK") == [1, 2]


def test_only_classes_that_a_member_defines_itself_are_its_own(plug_ins):
    assert [cls.__name__ for cls in defined(members(plug_ins))] == ["Own"]
