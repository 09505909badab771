"""`agent-chaos config`: the settings in force, as lines that fit into pyproject.toml."""

from __future__ import annotations

import json
from typing import Any

from agent_chaos.commands.output import print_line
from agent_chaos.commands.resolve_options import FuzzOptions
from agent_chaos.search.corpus.settings import resolved


def config(asked: FuzzOptions, *, origin: bool) -> int:
    """Prints a line for each setting; one that is not set is a comment. Raises UsageError for a wrong table."""
    found = resolved(asked.settings)
    lines = {key: _line(key, value) for key, value in found.settings}
    width = max(len(line) for line in lines.values())
    for key, line in lines.items():
        told = f"{line:<{width}}  # {found.origins[key]}" if origin else line
        print_line(told)
    return 0


def _line(key: str, value: Any) -> str:
    name = key.replace("_", "-")
    if value is None:
        return f"# {name} is not set"
    plain = (
        list(value) if isinstance(value, tuple) else value if isinstance(value, int | float) else str(value)
    )
    return f"{name} = {json.dumps(plain, ensure_ascii=False)}"
