"""Ids like those of a provider: for replies that are served again, and for calls that a fault adds."""

from __future__ import annotations

import hashlib
import re
from typing import Final

_ALPHABETS = (
    (re.compile(r"[0-9]+"), "0123456789"),
    (re.compile(r"[0-9a-f]+"), "0123456789abcdef"),
    (re.compile(r"[0-9A-Za-z]+"), "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
)
# `msg_`, `toolu_bdrk_`, `call-`: what an id begins with tells what it is of, and clients look at it.
_PREFIX = re.compile(r"^[A-Za-z]+[_-](?:[a-z]+_)?")
_WORD = re.compile(r"[0-9A-Za-z]+")
_TELLING: Final = 9
"""So many letters of an id are drawn at least, however short the recorded one is: nothing else reads like it by chance."""


def fresh_id(old: str, salt: str) -> str:
    """An id like `old`: same prefix, punctuation and alphabet, and as long where it is not very short."""
    prefix = match.group() if (match := _PREFIX.match(old)) and match.end() < len(old) else ""
    rest = old[len(prefix) :]
    # The narrowest that fits: a UUID must stay hexadecimal, and a number a number.
    alphabet = next((letters for shape, letters in _ALPHABETS if shape.fullmatch(rest.replace("-", ""))), "")
    alphabet = alphabet or _ALPHABETS[-1][1]
    rest += alphabet[1] * (_TELLING - sum(map(len, _WORD.findall(rest))))
    # Derived, not drawn: the same serving has the same ids in every run, and in every process.
    stream = hashlib.shake_256(f"{salt}:{old}".encode()).digest(len(rest) * 2)
    drawn = (alphabet[byte % len(alphabet)] for byte in stream)
    return prefix + "".join(next(drawn) if _WORD.fullmatch(letter) else letter for letter in rest)
