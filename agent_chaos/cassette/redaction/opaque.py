"""What passes byte for byte: fields that a provider verifies, and base64 of anything but text."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final

from agent_chaos.cassette.redaction.names import words

_VERIFIED: Final = frozenset({"signature", "thoughtsignature", "obfuscation"})
_RUN: Final = re.compile(
    # Two alphabets, and never both in one run. Sixteen letters are twelve bytes, the shortest secret that is
    # looked for.
    r"(?<![A-Za-z0-9+/_-])(?:[A-Za-z0-9+/]{16,}|[A-Za-z0-9_-]{16,})={0,2}(?![A-Za-z0-9+/_=-])"
)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def is_verified(name: str) -> bool:
    """Whether a field holds what a provider signed or encrypted, and will check when it comes back."""
    plain = name.replace("_", "").lower()
    return plain in _VERIFIED or plain.endswith("thoughtsignature") or "encrypted" in words(name)


def encoded_texts(text: str) -> Iterator[tuple[int, int, str]]:
    """The stretches of base64 that hold text, as start, end and that text."""
    for match in _RUN.finditer(text):
        inner = _decoded(match[0])
        if inner:
            yield match.start(), match.end(), inner


def encoded_again(text: str, like: str) -> str:
    """Text in the base64 alphabet and padding of `like`."""
    data = text.encode("utf-8")
    standard = base64.b64encode(data).decode()
    found = standard.translate(str.maketrans("+/", "-_")) if {"-", "_"} & set(like) else standard
    return found if like.endswith("=") or len(like.rstrip("=")) % 4 == 0 else found.rstrip("=")


def _decoded(run: str) -> str:
    bare = run.rstrip("=")
    # No base64 has such a length.
    if len(bare) % 4 == 1:
        return ""
    try:
        data = base64.b64decode(bare.translate(str.maketrans("-_", "+/")) + "=" * (-len(bare) % 4))
        text = data.decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    # Random bytes are UTF-8 by chance now and then, and then have control characters in them.
    return "" if _CONTROL.search(text) else text
