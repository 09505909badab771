"""What a project is made of, by what its files import and what it declares: a framework, a provider's SDK, another language."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

_STARTERS = {
    "langgraph": ("langgraph", "langchain"),
    "pydantic_ai": ("pydantic_ai", "pydantic-ai", "pydantic-ai-slim"),
    "openai_agents": ("agents", "openai-agents"),
    "gemini": ("google.genai", "google-genai"),
    "openai": ("openai",),
    "anthropic": ("anthropic",),
}
"""Starter of each, by module and distribution; a framework before the SDK that it brings along."""

NODE = "node"
_SDKS = {"anthropic": "anthropic", "openai": "openai", "gemini": "google-genai"}
"""The starters that need an SDK alone, by its distribution; the first where none is installed."""
_NPM = {"@anthropic-ai/sdk": "ANTHROPIC_API_KEY", "@google/genai": "GEMINI_API_KEY"}
_NOT_THEIRS = {"node_modules", "site-packages", "build", "dist"}
# `init` may be started in a home directory; what a project is made of shows in fewer.
_MOST_FILES = 2_000


def starter(project: Path) -> str:
    """The starter that fits a project best: by what it declares and imports, else by the SDK that is installed."""
    known = {*_declared(project), *_imported(project)}
    other = NODE if _package(project) else _installed()
    return next((name for name, marks in _STARTERS.items() if known & set(marks)), other)


def _installed() -> str:
    return next((name for name, sdk in _SDKS.items() if any(distributions(name=sdk))), next(iter(_SDKS)))


def node_main(project: Path) -> str:
    """The file that package.json names as the program's."""
    main = _package(project).get("main")
    return main if isinstance(main, str) and re.fullmatch(r"[\w./-]+", main) else "agent.mjs"


def node_key(project: Path) -> str:
    """The variable of the key that a program's SDK reads."""
    listed = _package(project).get("dependencies")
    known = listed if isinstance(listed, dict) else {}
    return next((key for name, key in _NPM.items() if name in known), "OPENAI_API_KEY")


def _package(project: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        found = json.loads((project / "package.json").read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}
    return {}


def _declared(project: Path) -> Iterator[str]:
    """Distributions that pyproject.toml and requirements files name."""
    lines: list[str] = []
    # Whatever stands in it: a table of another shape is none that names a distribution.
    with suppress(OSError, ValueError, AttributeError, TypeError):
        told = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
        table, poetry = told.get("project", {}), told.get("tool", {}).get("poetry", {})
        lines += table.get("dependencies", [])
        for group in (
            *table.get("optional-dependencies", {}).values(),
            *told.get("dependency-groups", {}).values(),
        ):
            lines += group
        for part in (poetry, *poetry.get("group", {}).values()):
            lines += part.get("dependencies", {})
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
            for part in _code(file):
                for node in ast.walk(ast.parse(part)):
                    yield from _modules(node)


def _code(file: Path) -> Iterator[str]:
    """The text of a module, or the lines of a notebook that are Python."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".py":
        yield text
        return
    # A cell may hold commands of the notebook's own (`%pip install`), which are no Python.
    with suppress(AttributeError, TypeError, KeyError):
        for cell in json.loads(text)["cells"]:
            source = "".join(cell["source"]) if cell.get("cell_type") == "code" else ""
            yield "\n".join(line for line in source.splitlines() if re.match(r"(import|from)\s", line))


def _own_files(project: Path) -> list[Path]:
    found = []
    for file in (*project.rglob("*.py"), *project.rglob("*.ipynb")):
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
