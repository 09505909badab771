"""Finds the formats, and tells which one a document is of."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from agent_chaos.cassette import interchange
from agent_chaos.cassette.interchange.format import RecordingFormat
from agent_chaos.members import exported


@cache
def recording_formats() -> tuple[RecordingFormat, ...]:
    """Every format, by name."""
    return tuple(exported(interchange, "FORMAT"))


def format_of(document: Mapping[str, Any]) -> RecordingFormat | None:
    """The format a document is of, or None."""
    return next((one for one in recording_formats() if one.recognises(document)), None)


def format_for(suffix: str) -> RecordingFormat | None:
    """The format that is written to files of a suffix, or None."""
    return next((one for one in recording_formats() if suffix in one.suffixes), None)
