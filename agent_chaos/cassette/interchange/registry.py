"""Finds the formats, and tells which one a document is of."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from agent_chaos.cassette import interchange
from agent_chaos.cassette.interchange.format import Format
from agent_chaos.members import exported


@cache
def formats() -> tuple[Format, ...]:
    """Every format, by name."""
    return tuple(exported(interchange, "FORMAT"))


def format_of(document: Mapping[str, Any]) -> Format | None:
    """The format a document is of, or None."""
    return next((one for one in formats() if one.recognises(document)), None)


def format_for(suffix: str) -> Format | None:
    """The format that is written to files of a suffix, or None."""
    return next((one for one in formats() if suffix in one.suffixes), None)
