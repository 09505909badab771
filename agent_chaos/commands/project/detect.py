"""What a project is made of, by what its files import and what it declares: a framework, or a provider's SDK."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_STARTERS = {
    "langgraph": ("langgraph", "langchain"),
    "pydantic_ai": ("pydantic_ai", "pydantic-ai", "pydantic-ai-slim"),
    "openai_agents": ("agents", "openai-agents"),
    "gemini": ("google.genai", "google-genai"),
    "openai": ("openai",),
    "anthropic": ("anthropic",),
}
"""Starter of each, by module and distribution; a framework before the SDK that it brings along."""

_DEFAULT = "anthropic"
_NOT_THEIRS = {"node_modules", "site-packages", "build", "dist"}
# `init` may be started in a home directory; what a project is made of shows in fewer.
_MOST_FILES = 2_000


def starter(project: Path) -> str:
    """The starter that fits a project best; `anthropic` where nothing tells."""
    known = {*_declared(project), *_imported(project)}
    return next((name for name, marks in _STARTERS.items() if known & set(marks)), _DEFAULT)


def _declared(project: Path) -> Iterator[str]:
    """Distributions that pyproject.toml and requirements files name."""
    lines: list[str] = []
    with suppress(OSError, ValueError):
        table = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8")).get("project", {})
        lines += table.get("dependencies", [])
        for extra in table.get("optional-dependencies", {}).values():
            lines += extra
    for file in sorted(project.glob("requirements*.txt")):
        with suppress(OSError, ValueError):
            lines += file.read_text(encoding="utf-8").splitlines()
    for line in lines:
        if found := re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)", str(line)):
            # Names of distributions are compared like this (PEP 503); case and underscores mean nothing in
            # them.
            yield found.group(1).lower().replace("_", "-")


def _imported(project: Path) -> Iterator[str]:
    """Modules that the project's own files import, with their first two parts."""
    for file in _own_files(project):
        # Templates and files of other Python versions end in `.py` as well, and null bytes raise ValueError.
        with suppress(OSError, ValueError, SyntaxError):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                yield from _modules(node)


def _own_files(project: Path) -> list[Path]:
    found = []
    for file in project.rglob("*.py"):
        parts = file.relative_to(project).parts
        if not any(part in _NOT_THEIRS or part.startswith(".") or part.endswith("venv") for part in parts):
            found.append(file)
        if len(found) >= _MOST_FILES:
            break
    return found


def _modules(node: ast.AST) -> Iterator[str]:
    names: list[str] = []
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    for name in names:
        first, *rest = name.split(".")
        yield first
        if rest:
            yield f"{first}.{rest[0]}"
