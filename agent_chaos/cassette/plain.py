"""A request's JSON without what SDKs write differently and providers read the same."""

from __future__ import annotations

import json
from typing import Any

_SIGNATURES = frozenset({"thoughtSignature", "thought_signature", "signature", "encrypted_content"})
_STANDARD = str.maketrans("-_", "+/")


def comparable(value: Any, name: str = "") -> Any:
    """The value with absent fields left out, whole numbers as such, argument text compact and one base64 alphabet."""
    if isinstance(value, dict):
        fields = {key: comparable(inner, key) for key, inner in value.items()}
        # SDKs differ in whether they send what was not set: as null, as an empty list, or not at all.
        return {key: inner for key, inner in fields.items() if inner not in (None, "", [], {})}
    if isinstance(value, list):
        return [comparable(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and name == "arguments":
        return _compact(value)
    if isinstance(value, str) and name in _SIGNATURES:
        # Bytes of one signature in base64's two alphabets, with padding or without: an SDK decodes what it
        # gets and encodes it again for the next request.
        return value.translate(_STANDARD).rstrip("=")
    return value


def _compact(text: str) -> str:
    try:
        return json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
