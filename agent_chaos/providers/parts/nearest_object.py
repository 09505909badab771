"""Argument text on wires that carry arguments as an object: no broken JSON, no list, no bare value."""

from __future__ import annotations

from typing import Any

from pydantic_core import from_json

from agent_chaos.providers.json_values import loaded


def nearest_object(text: str) -> dict[str, Any]:
    """The object that the text says, or the whole of its beginning that is one once closed, or an empty object."""
    whole = loaded(text)
    if whole is not None:
        return whole if isinstance(whole, dict) else {}
    # `{"a": 1,}` is no JSON; without its last brace it is the beginning of an object.
    for beginning in (text, text.rstrip().rstrip("}")):
        try:
            found = from_json(beginning, allow_partial="trailing-strings")
        except ValueError:
            continue
        return found if isinstance(found, dict) else {}
    return {}
