"""Finds the faults: every concrete `Fault` subclass defined by a module of the folders of levels, by its `kind`.

Other packages add theirs: an entry point of the group `agent_chaos.faults` names a module that defines some.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from inspect import isabstract
from itertools import chain
from types import ModuleType
from typing import TypeGuard, get_args

from agent_chaos.errors import PlanError
from agent_chaos.faults import message, stream, tool, transport
from agent_chaos.faults.fault import Fault
from agent_chaos.members import defined, members, registered_modules

_GROUP = "agent_chaos.faults"
"""Of entry points: each names a module that defines faults."""

_LEVELS = (transport, stream, message, tool)


@cache
def fault_types() -> dict[str, type[Fault]]:
    """Every fault by kind, in the order of file names. Raises PlanError where two are of one kind."""
    own = (module for level in _LEVELS for module in members(level))
    found = [cls for cls in defined(chain(own, _theirs())) if _is_fault(cls)]
    _check_kinds(found)
    # By file, not by folder: the order is what a seed means, and must not change where a fault moves to
    # another level.
    return {kind_of(cls): cls for cls in sorted(found, key=_file)}


def _check_kinds(found: Iterable[type[Fault]]) -> None:
    known: dict[str, type[Fault]] = {}
    for cls in found:
        other = known.setdefault(kind_of(cls), cls)
        if other is not cls:
            raise PlanError(
                f"two faults are of the kind {kind_of(cls)!r}: {other.__module__}.{other.__name__} and "
                f"{cls.__module__}.{cls.__name__}; give one of them another kind"
            )


def _theirs() -> list[ModuleType]:
    """The modules of other packages. Raises PlanError where one does not import."""
    try:
        return list(registered_modules(_GROUP))
    except ImportError as exc:
        raise PlanError(str(exc)) from exc


def _file(cls: type[Fault]) -> str:
    return cls.__module__.rpartition(".")[2]


def _is_fault(cls: type) -> TypeGuard[type[Fault]]:
    """Whether a class is one fault, not what a family has in common, which has no kind of its own."""
    return (
        # An abstract class has no abstract method left once a family fills them in; what it has not is a kind
        # to be named by.
        issubclass(cls, Fault) and not isabstract(cls) and bool(get_args(cls.model_fields["kind"].annotation))
    )


def kind_of(cls: type[Fault]) -> str:
    """The `kind` of a fault class."""
    return str(get_args(cls.model_fields["kind"].annotation)[0])


def fault_type(kind: str) -> type[Fault]:
    """The fault class of that kind. Raises PlanError, with near names."""
    try:
        return fault_types()[kind]
    except KeyError:
        near = get_close_matches(kind, fault_types(), n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise PlanError(f"unknown fault {kind!r}{hint}") from None
