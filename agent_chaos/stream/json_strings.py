"""The strings of a JSON text: where each lies, under which name, and as what path, without changing a byte of the rest."""

from __future__ import annotations

import json
import re
from typing import Any, Final, NamedTuple

# Unrolled, so that no string makes it try a place twice: bodies of a megabyte are usual.
_STRING: Final = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL)
_IDENTITY: Final = ("type", "index", "item_id", "output_index", "content_index")
"""Fields that tell one block, item or choice of an event stream from another."""


class String(NamedTuple):
    """A string in a JSON text. `raw` is what stands from `start`, between the quotes; `name` the field that holds it."""

    name: str
    path: str
    start: int
    raw: str

    @property
    def text(self) -> str:
        """The string itself."""
        if "\\" not in self.raw:
            return self.raw
        # Not strict: some servers, and some faults, send control characters in strings unescaped.
        value: str = json.loads(f'"{self.raw}"', strict=False)
        return value


class _Pairs(list[tuple[str, Any]]):
    """An object as its fields in order, the repeated ones too."""


def strings(text: str, at: int = 0) -> list[String] | None:
    """Every string of a JSON object or array in order, names of fields under the name ''; None where it is neither. `at` is
    added to starts.
    """
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        # Two passes over one text: the parser says what the strings are and where in the value, the
        # expression where in the text. Both meet them in the same order, fields that stand twice too, which
        # is what a dict would lose.
        value = json.loads(text, object_pairs_hook=_Pairs, strict=False)
        places: list[tuple[str, str]] = []
        for one in _roots(value):
            _add_places(places, one, "", _owner(one))
    except (ValueError, RecursionError):
        return None
    found = _STRING.finditer(text)
    return [
        String(name, path, at + match.start(1), match[1])
        for (name, path), match in zip(places, found, strict=True)
    ]


def quoted(text: str, like: str) -> str:
    """A string as JSON writes it between quotes, escaped as `like` is."""
    return json.dumps(text, ensure_ascii=like.isascii() or not _is_unicode(text))[1:-1]


def _is_unicode(text: str) -> bool:
    """Whether a text has no half of a surrogate pair, which only an escape can carry."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _roots(value: Any) -> list[Any]:
    """An object, or the objects of an array that is a stream of them: what each holds at one path belongs together."""
    is_stream = (
        isinstance(value, list)
        and not isinstance(value, _Pairs)
        and all(isinstance(one, _Pairs) for one in value)
    )
    return value if is_stream else [value]


def _add_places(places: list[tuple[str, str]], value: Any, name: str, path: str) -> None:
    """Adds name and path of every string in a value."""
    # Into one list, not as an iterator: every string would pass through as many as it lies deep.
    if isinstance(value, str):
        places.append((name, path))
    elif isinstance(value, _Pairs):
        for key, inner in value:
            # Names of fields are strings of the text too, and the expression meets each before its value.
            places.append(("", f"{path}#{key}"))
            _add_places(places, inner, key, f"{path}.{key}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            # Streams say by `index` which choice, block or tool call a piece belongs to; its place in the
            # array of one event is 0 for all of them.
            number = _field(inner, "index", place)
            _add_places(places, inner, name, f"{path}[{number}]")


def _owner(value: Any) -> str:
    return repr([_field(value, name, None) for name in _IDENTITY])


def _field(value: Any, name: str, otherwise: Any) -> Any:
    found = (
        next((inner for key, inner in value if key == name), otherwise)
        if isinstance(value, _Pairs)
        else otherwise
    )
    return found if isinstance(found, str | int) else otherwise
