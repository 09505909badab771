"""One name, one thing: a public name of a module stands in no other module, but for those that say a role."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import agent_chaos

PACKAGE = Path(__file__).resolve().parents[1] / "agent_chaos"

EXPORTED_BY_MEMBERS = {
    "FORMAT",
    "FRAMING",
    "MODULE",
    "ORACLE",
    "FRAMEWORK",
    "PROTOCOL",
    "REMEDY",
    "REPORTER",
    "SEAM",
    "SPECIFICS",
    "as_assertion",
    "patch",
}
"""What the members of a folder are found by, or used by: the same in each."""


def names_of(module: Path) -> Iterator[str]:
    """The public names that a module defines at its top."""
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found = [name]
            case ast.Assign(targets=targets):
                found = [target.id for target in targets if isinstance(target, ast.Name)]
            case ast.AnnAssign(target=ast.Name(id=name)):
                found = [name]
            case _:
                found = []
        yield from (name for name in found if not name.startswith("_"))


def role_of(module: Path) -> str:
    """What modules that may share their names have in common: they declare and run commands, or tell a protocol."""
    place = module.relative_to(PACKAGE).parts
    if place[0] in ("cli", "commands"):
        return "commands"
    if place[0] == "providers" and len(place) > 2:
        return "a protocol"
    return str(module)


def places() -> dict[str, set[Path]]:
    found = defaultdict(set)
    for module in PACKAGE.rglob("*.py"):
        for name in names_of(module):
            found[name].add(module)
    return found


def test_a_public_name_says_one_thing():
    promised = {*agent_chaos.__all__, "main"}
    shared = {
        name: sorted(str(module.relative_to(PACKAGE)) for module in modules)
        for name, modules in places().items()
        if len({role_of(module) for module in modules}) > 1
        and name not in EXPORTED_BY_MEMBERS
        and name not in promised
    }

    assert not shared
