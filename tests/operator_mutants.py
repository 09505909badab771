"""Changes operators at random and says which changes no test notices: `python -m tests.operator_mutants [--count N] [--seed N] [PATH…]`.

Where `tests.mutants` breaks named promises, this measures how much of whole modules is held: a comparison turned round, `and` for `or`,
a number one larger, a statement left out. Each is made in a copy of this checkout, and judged by the tests that stand beside the
module (`tests/search` for `agent_chaos/search`). Paths below `agent_chaos` choose other modules than `MODULES`. A mutant that lives is a
test that is missing, or a change that means the same; only a person can say which.
"""

from __future__ import annotations

import argparse
import ast
import copy
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.mutants import NOT_ENDED, ROOT, checkout_in, failing_test, say

MODULES = ("search", "replay", "trial", "patch/time", "oracles/verdict.py")
"""What decides what is run, what is served, when, and what it counts as."""

_OF_TIME = " ".join(
    f"tests/patch/test_{name}.py"
    for name in ("time", "stop", "kept_times", "watch", "pools", "queues", "timing_shapes", "environment")
)
_BESIDE = {
    "oracles": ("tests/oracles/test_judge.py", "tests/oracles"),
    "patch/time": (_OF_TIME, "tests/patch"),
    "trial": ("tests/trial", "tests/test_record_replay.py", "tests/run", "tests/patch/test_guard.py"),
    "replay": ("tests/replay", "tests/trial", "tests/test_record_replay.py"),
}
"""The tests of a part, nearest first, where they are not those of the folder of its name."""

_TURNED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.Break: ast.Continue,
    ast.Continue: ast.Break,
}
_OTHER_NAMES = {"any": "all", "all": "any", "min": "max", "max": "min"}
# What these hold is said to people or to type checkers, or is stated and not decided.
_PASSED_OVER = (ast.Assert, ast.Raise, ast.JoinedStr, ast.Import, ast.ImportFrom)
_SAID = {"annotation", "returns", "decorator_list", "type_params"}


@dataclass(frozen=True, slots=True)
class OperatorMutant:
    """The `number`-th change that can be made in a file of `agent_chaos`."""

    file: Path
    number: int


def main(words: list[str]) -> int:
    """The number of mutants that live."""
    asked = _options().parse_args(words)
    every = [one for place in asked.paths or MODULES for one in _mutants_in(ROOT / "agent_chaos" / place)]
    chosen = random.Random(asked.seed).sample(every, min(asked.count, len(every)))
    with tempfile.TemporaryDirectory() as folder:
        checkout = checkout_in(Path(folder))
        killers = [_killer(one, checkout, asked) for one in chosen]
    lives, hung = killers.count(""), killers.count(NOT_ENDED)
    say(
        f"{len(chosen) - lives} of {len(chosen)} killed, {hung} of them by tests that did not end in time; "
        f"{len(every)} can be made (seed {asked.seed})"
    )
    return lives


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--timeout-s", type=float, default=300, help="for each group of tests")
    parser.add_argument(
        "--beside",
        action="store_true",
        help="judge by the tests right beside a module alone: faster, and stricter",
    )
    return parser


def _mutants_in(place: Path) -> Iterator[OperatorMutant]:
    for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
        changes = list(_changes(ast.parse(file.read_text())))
        yield from (OperatorMutant(file.relative_to(ROOT), number) for number in range(len(changes)))


def _killer(mutant: OperatorMutant, checkout: Path, asked: argparse.Namespace) -> str:
    """What noticed the change; '' where nothing did."""
    file = checkout / mutant.file
    text = file.read_text()
    tree = ast.parse(text)
    line, change = list(_changes(tree))[mutant.number]
    before = ast.unparse(tree).splitlines()
    change()
    after = ast.unparse(tree)
    file.write_text(after)
    started = time.monotonic()
    try:
        groups = _tests_of(mutant.file, beside=asked.beside)
        tried = (failing_test(tests, checkout, asked.timeout_s) for tests in groups)
        killer = next(filter(None, tried), "")
    finally:
        file.write_text(text)
    changed = [pair for pair in zip(before, after.splitlines(), strict=False) if pair[0] != pair[1]]
    shown = " -> ".join(one.strip() for one in changed[0]) if changed else ""
    took = f"{time.monotonic() - started:.0f} s"
    say(f"{'killed' if killer else 'LIVES':7} {mutant.file}:{line}: {shown}\n        {killer} ({took})")
    return killer


def _tests_of(file: Path, *, beside: bool) -> list[str]:
    """The tests of a module, nearest first: its own, those that import it, and those of its folder; or its own and the nearest of
    its folder."""
    inside = file.relative_to("agent_chaos")
    own = ROOT / "tests" / inside.parent / f"test_{inside.name}"
    name = ".".join(file.with_suffix("").parts)
    importing = [
        one for one in sorted((ROOT / "tests").rglob("test_*.py")) if f"from {name} " in one.read_text()
    ]
    part = next((name for name in _BESIDE if str(inside).startswith(f"{name}/")), "")
    folders = _BESIDE.get(part) or (f"tests/{inside.parent}", f"tests/{inside.parts[0]}")
    nearest = [str(one.relative_to(ROOT)) for one in (own, *(() if beside else importing)) if one.is_file()]
    groups = dict.fromkeys((*nearest, *(folders[:1] if beside else folders)))
    return [tests for tests in groups if all((ROOT / one).exists() for one in tests.split())]


def _changes(tree: ast.AST) -> Iterator[tuple[int, Callable[[], None]]]:
    """Each change that can be made in a tree: the line it stands in, and what makes it."""
    for node, parent in _decisions(tree):
        for change in _changes_of(node, parent):
            yield getattr(node, "lineno", 0), change


def _decisions(tree: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Nodes with their parents, without what is only said."""
    for field, value in ast.iter_fields(tree):
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, ast.AST) and field not in _SAID and not isinstance(node, _PASSED_OVER):
                yield node, tree
                yield from _decisions(node)


def _changes_of(node: ast.AST, parent: ast.AST) -> Iterator[Callable[[], None]]:
    match node:
        case ast.Compare():
            for at, one in enumerate(node.ops):
                yield _item(node.ops, at, _TURNED[type(one)]())
        case ast.BoolOp() | ast.BinOp() if type(node.op) in _TURNED:
            yield _field(node, "op", _TURNED[type(node.op)]())
        case ast.If() | ast.While() | ast.IfExp():
            yield _field(node, "test", ast.UnaryOp(ast.Not(), node.test))
        case ast.Constant(value=bool() as said):
            yield _field(node, "value", not said)
        case ast.Constant(value=int() | float() as number):
            yield _field(node, "value", number + 1)
        case ast.Name(id=name) if name in _OTHER_NAMES:
            yield _field(node, "id", _OTHER_NAMES[name])
        case ast.Break() | ast.Continue() | ast.Expr(value=ast.Call()):
            yield from _statements(node, parent)
        case _:
            pass


def _statements(node: ast.AST, parent: ast.AST) -> Iterator[Callable[[], None]]:
    """A statement of its own left out, or a jump turned into the other."""
    other = _TURNED.get(type(node), ast.Pass)()
    for _, body in ast.iter_fields(parent):
        if isinstance(body, list) and any(one is node for one in body):
            yield _item(body, next(at for at, one in enumerate(body) if one is node), other)


def _field(node: ast.AST, name: str, value: object) -> Callable[[], None]:
    return lambda: setattr(node, name, copy.copy(value))


def _item(held: list[ast.AST], at: int, value: ast.AST) -> Callable[[], None]:
    return lambda: held.__setitem__(at, value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
