"""A function that modules imported by name is replaced in all of them, and put back, however they change meanwhile."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from agent_chaos.runtime.imported_names import ImportedNames


class Functions:
    """Attributes of a class, as the names of this module would be replaced, too."""

    @staticmethod
    def real() -> None: ...

    @staticmethod
    def ours() -> None: ...


TO_OURS, TO_REAL = {Functions.real: Functions.ours}, {Functions.ours: Functions.real}


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    made = ModuleType("somebodys_agent")
    monkeypatch.setitem(sys.modules, "somebodys_agent", made)
    return made


@pytest.fixture
def walked() -> ImportedNames:
    """One that has seen every module before."""
    known = ImportedNames()
    known.replace(TO_OURS)
    known.replace(TO_REAL)
    return known


def test_a_name_of_its_own_is_replaced_and_put_back_time_and_again(module: ModuleType) -> None:
    known = ImportedNames()
    module.nap = Functions.real
    for _ in range(3):
        known.replace(TO_OURS)
        assert module.nap is Functions.ours
        known.replace(TO_REAL)
        assert module.nap is Functions.real


def test_a_name_that_a_module_got_since_is_found(module: ModuleType, walked: ImportedNames) -> None:
    module.nap = Functions.real
    walked.replace(TO_OURS)

    assert module.nap is Functions.ours


def test_a_name_that_held_something_else_before_is_found(module: ModuleType) -> None:
    known = ImportedNames()
    module.real = None
    known.replace(TO_OURS)
    module.real = Functions.real
    known.replace(TO_OURS)

    assert module.real is Functions.ours


def test_a_module_that_was_imported_anew_is_looked_through(
    module: ModuleType, walked: ImportedNames, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = ModuleType("somebodys_agent")
    again.nap = Functions.real
    monkeypatch.setitem(sys.modules, "somebodys_agent", again)
    walked.replace(TO_OURS)

    assert again.nap is Functions.ours
