"""The imports that lines of code need beside those which the agent's file has."""

from __future__ import annotations

import ast

_HOW = {
    "anthropic": "import anthropic",
    "asyncio": "import asyncio",
    "botocore": "import botocore.config",
    "genai": "from google import genai",
    "json": "import json",
    "openai": "import openai",
    "time": "import time",
    "types": "from google.genai import types",
}
"""How each name is imported that fixes use."""


def missing_imports(code: str, module: ast.Module) -> str:
    """The lines that import what `code` uses and `module` does not bind anywhere, each with its newline."""
    bound = {name for node in ast.walk(module) for name in _bound(node)}
    try:
        # In a function, since a fix may return; and as an `async` one, since it may wait.
        tree = ast.parse(
            "async def fix():\n" + "".join(f"    {line}\n" for line in [*code.splitlines(), "pass"])
        )
    except SyntaxError:
        return ""
    used = {
        node.value.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    return "".join(f"{_HOW[name]}\n" for name in sorted(used & _HOW.keys() - bound))


def _bound(node: ast.AST) -> list[str]:
    """The names that an import binds."""
    if not isinstance(node, ast.Import | ast.ImportFrom):
        return []
    return [one.asname or one.name.partition(".")[0] for one in node.names]
