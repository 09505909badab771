"""JSON as providers send it: read leniently, never raising, and written back without loss."""

from __future__ import annotations

import json
import re
from typing import Any

MAX_DEPTH = 200
"""JSON nested deeper than this reads as no JSON at all, so that writing it back can never overflow the stack."""

_BRACKETS = re.compile(
    r'"(?:[^"\\]|\\.)*+(?:"|\Z)|[\[{]|[\]}]', re.DOTALL
)  # a string without an end is read once

JsonObject = dict[str, Any]


def loaded(text: str | bytes) -> Any:
    """Text as JSON, or None where it is not JSON (or nests beyond `MAX_DEPTH`)."""
    decoded = text.decode("utf-8-sig", "replace") if isinstance(text, bytes) else text
    # Counted first, in C: brackets in strings count as well, so that few bodies are walked through for their
    # depth.
    if decoded.count("[") + decoded.count("{") > MAX_DEPTH and _depth(decoded) > MAX_DEPTH:
        return None
    try:
        return json.loads(decoded)
    except ValueError:
        return None


def compact(value: Any) -> str:
    """A value as JSON without spaces, other scripts kept as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def canonical(value: Any) -> str:
    """A value as JSON that is equal for equal values, whatever the order of their keys."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def fields(value: Any) -> dict[str, Any]:
    """A JSON object as a dict; anything else is an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """A JSON array as a list; anything else is an empty one."""
    return value if isinstance(value, list) else []


def text_of(value: Any) -> str:
    """A JSON string; anything else is an empty one."""
    return value if isinstance(value, str) else ""


def count_of(value: Any) -> int:
    """A JSON whole number; anything else is 0."""
    # To Python `true` is the number 1.
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def without(value: dict[str, Any], *names: str) -> dict[str, Any]:
    """The object without some of its keys."""
    return {key: one for key, one in value.items() if key not in names}


def _depth(text: str) -> int:
    depth = deepest = 0
    for token in _BRACKETS.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        deepest = max(deepest, depth)
    return deepest


def non_empty(**values: Any) -> dict[str, Any]:
    """A JSON object of those values that say anything."""
    return {name: value for name, value in values.items() if value}


def value_at(value: Any, path: str) -> Any:
    """The value at a JSON path in any provider's spelling (`a.1.b`, `a[1].b`, `a.[1].b`); None where there is none."""
    for step in re.findall(r"[^.\[\]]+", path):
        try:
            value = value[int(step)] if isinstance(value, list) else value[step]
        except (LookupError, TypeError, ValueError):
            return None
    return value
