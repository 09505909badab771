"""Conventions that no linter checks."""

import ast
import re
import subprocess
from pathlib import Path

from tests.mutants import MUTANTS

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(ROOT.glob("agent_chaos/**/*.py"))
ALL = [
    path
    for folder in ("agent_chaos", "tests", "scenarios", "benchmarks", "compat")
    for path in sorted(ROOT.glob(f"{folder}/**/*.py"))
]
DIVIDER = re.compile(r"^\s*#\s*[-=#*~_]{3,}")
NAMED = re.compile(r"utils?|helpers?|manager|handler|base|common|misc")
EARLIER = ROOT / "agent_chaos" / "chaos" / "base.py"
"""An import path of 0.1.3."""


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_no_divider_comments():
    found = [
        f"{name(path)}: {line}"
        for path in ALL
        for line in path.read_text().splitlines()
        if DIVIDER.match(line)
    ]

    assert not found


def test_a_module_says_what_it_is():
    assert not [name(path) for path in SOURCES if not ast.get_docstring(ast.parse(path.read_text()))]


def test_modules_are_named_for_what_they_hold():
    assert not [name(path) for path in SOURCES if NAMED.fullmatch(path.stem) and path != EARLIER]


def test_types_and_lints_are_not_silenced_without_a_reason():
    reason = re.compile(r"# noqa: [A-Z0-9, ]+ - \S")
    lines = ((path, line) for path in SOURCES for line in path.read_text().splitlines())
    found = [
        f"{name(path)}: {line.strip()}"
        for path, line in lines
        if "type: ignore" in line or ("# noqa" in line and not reason.search(line))
    ]

    assert not found


def test_no_file_names_a_machine():
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    tracked = [ROOT / line for line in done.stdout.splitlines() if line.endswith((".py", ".md", ".toml"))]
    private = re.compile(r"/" + r"work/|/root" + r"/|/opt" + r"/ac")
    found = [name(path) for path in tracked if path.exists() and private.search(path.read_text())]

    assert not found


def test_every_mutant_finds_the_line_that_it_breaks():
    found = {one.promise: (ROOT / "agent_chaos" / one.file).read_text().count(one.before) for one in MUTANTS}

    assert {promise: places for promise, places in found.items() if places != 1} == {}
