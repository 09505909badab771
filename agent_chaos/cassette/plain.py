"""A request's JSON without what SDKs write differently and providers read the same."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import chain, groupby
from typing import Any

_SIGNATURES = frozenset({"thoughtSignature", "thought_signature", "signature", "encrypted_content"})
_STANDARD = str.maketrans("-_", "+/")


def comparable(value: Any, name: str = "") -> Any:
    """The value with absent fields left out, whole numbers as such, argument text compact, one base64 alphabet, and
    neighbouring texts of one speaker as one text.
    """
    if isinstance(value, dict):
        fields = {key: comparable(inner, key) for key, inner in value.items()}
        # SDKs differ in whether they send what was not set: as null, as an empty list, or not at all.
        return {key: inner for key, inner in fields.items() if inner not in (None, "", [], {})}
    if isinstance(value, list):
        inner = [comparable(one) for one in value]
        return _joined(inner) if name in ("contents", "parts") else inner
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and name == "arguments":
        return _compact(value)
    if isinstance(value, str) and name in _SIGNATURES:
        # Bytes of one signature in base64's two alphabets, with padding or without: an SDK decodes what it
        # gets and encodes it again for the next request.
        return value.translate(_STANDARD).rstrip("=")
    return value


def _joined(given: Iterable[Any]) -> list[Any]:
    """Gemini's contents and parts with neighbours as one that say the same in two.

    An agent that keeps the chunks of a stream as they came sends as many texts as there were chunks.
    """
    joined: list[Any] = []
    for told, neighbours in groupby(given, _told_by):
        match told:
            case ("text",):
                joined.append({"text": "".join(one["text"] for one in neighbours)})
            case ("parts", speaker):
                said = chain.from_iterable(one["parts"] for one in neighbours)
                joined.append({"role": speaker, "parts": _joined(said)})
            case _:
                joined += neighbours
    return joined


def _told_by(one: Any) -> tuple[str, ...]:
    """What neighbours must have in common to be one: plain text, or the role of a content; empty for anything else."""
    match one:
        case {"text": str(), **rest} if not rest:
            return ("text",)
        case {"role": str(speaker), "parts": list(), **rest} if not rest:
            return ("parts", speaker)
        case _:
            return ()


def _compact(text: str) -> str:
    try:
        return json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
