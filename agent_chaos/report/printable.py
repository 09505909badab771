"""Makes text from models, tools and servers safe and short enough to print: nothing in it can steer a terminal."""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, datetime
from typing import Any

_STEERING = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# Zero-width joiners hold emoji and letters of several scripts together; a soft hyphen shows as nothing.
_JOINERS = {"\u200c", "\u200d", "\u00ad"}


def printable(text: str) -> str:
    """The text on one line, with every control, escape and direction character spelled out (`\\x1b`, `\\n`)."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spelled(char) if _steers(char) else char for char in text)


def _steers(char: str) -> bool:
    return unicodedata.category(char) in _STEERING and char not in _JOINERS


def _spelled(char: str) -> str:
    return char.encode("unicode_escape", "backslashreplace").decode("ascii")


def clipped(text: str, limit: int) -> str:
    """`printable`, cut to `limit` characters with an ellipsis."""
    # Cut before it is made printable: a text of megabytes would be walked through for a line of it.
    shown = printable(text[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def bytes_as_text(data: bytes) -> str:
    """Bytes as text; what is not UTF-8 is spelled out."""
    return data.decode("utf-8", "backslashreplace")


def one_line(value: Any) -> str:
    """A JSON value in one line, in the characters it was written in."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def call_text(name: str, arguments: Any) -> str:
    """A tool call as code: `issue_refund(order="A-1", amount=15)`."""
    if not isinstance(arguments, dict):
        return f"{name}({json.dumps(arguments, ensure_ascii=False, default=str)})"
    inner = ", ".join(
        f"{key}={json.dumps(v, ensure_ascii=False, default=str)}" for key, v in arguments.items()
    )
    return f"{name}({inner})"


def seconds(value: float) -> str:
    """A duration: `0.84 s`, `3 s`, `1,800 s`."""
    rounded = round(value, 2 if value < 100 else 0)
    return f"{rounded:,.0f} s" if rounded == int(rounded) else f"{rounded:,.2f} s"


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 call`, `1,200 calls`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def day(started_at: float) -> str:
    """The date of a time in seconds since the epoch."""
    try:
        return datetime.fromtimestamp(started_at, UTC).date().isoformat()
    # The header of a file that others wrote may hold any number; Python refuses them in three ways, by
    # platform and by size.
    except (ValueError, OverflowError, OSError):
        return "at no date"
