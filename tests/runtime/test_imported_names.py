"""A function that modules imported by name is replaced in all of them, and put back, however they change meanwhile."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from agent_chaos.runtime.imported_names import ImportedNames


def real() -> None: ...


def ours() -> None: ...


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    made = ModuleType("somebodys_agent")
    monkeypatch.setitem(sys.modules, "somebodys_agent", made)
    return made


@pytest.fixture
def walked() -> ImportedNames:
    """One that has seen every module before."""
    known = ImportedNames()
    known.replace({real: ours})
    known.replace({ours: real})
    return known


def test_a_name_of_its_own_is_replaced_and_put_back_time_and_again(module: ModuleType) -> None:
    known = ImportedNames()
    module.nap = real
    for _ in range(3):
        known.replace({real: ours})
        assert module.nap is ours
        known.replace({ours: real})
        assert module.nap is real


def test_a_name_that_a_module_got_since_is_found(module: ModuleType, walked: ImportedNames) -> None:
    module.nap = real
    walked.replace({real: ours})

    assert module.nap is ours


def test_a_name_that_held_something_else_before_is_found(module: ModuleType) -> None:
    known = ImportedNames()
    module.real = None
    known.replace({real: ours})
    module.real = real
    known.replace({real: ours})

    assert module.real is ours


def test_a_module_that_was_imported_anew_is_looked_through(
    module: ModuleType, walked: ImportedNames, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = ModuleType("somebodys_agent")
    again.nap = real
    monkeypatch.setitem(sys.modules, "somebodys_agent", again)
    walked.replace({real: ours})

    assert again.nap is ours
