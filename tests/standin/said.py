"""What a scripted model says, and how it is asked, in words that all protocols share."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

LETTERS = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@dataclass(frozen=True)
class Called:
    """A tool call; `pieces` are the deltas in which a stream delivers its arguments."""

    name: str
    pieces: tuple[str, ...]

    @classmethod
    def of(cls, name: str, arguments: dict[str, Any], *, size: int = 7) -> Called:
        """A call whose arguments are streamed in pieces of `size` characters."""
        text = json.dumps(arguments, ensure_ascii=False)
        return cls(name, tuple(text[i : i + size] for i in range(0, len(text), size)))

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def arguments(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Said:
    """One model turn: text, then tool calls."""

    text: str = ""
    calls: tuple[Called, ...] = ()
    input_tokens: int = 412
    output_tokens: int = 58

    @property
    def words(self) -> list[str]:
        """The text as a stream delivers it: word by word."""
        parts = self.text.split(" ")
        return [part if i == 0 else f" {part}" for i, part in enumerate(parts)] if self.text else []


@dataclass(frozen=True)
class Asked:
    """A request: its protocol, its body, and how many model turns the conversation in it already has."""

    protocol: str
    model: str
    body: dict[str, Any]
    stream: bool
    turns: int

    @property
    def text(self) -> str:
        """Everything in the body, to look for words in."""
        return json.dumps(self.body, ensure_ascii=False)


Script = Callable[[Asked], Said]


def minted(prefix: str, salt: object, length: int = 24) -> str:
    """An id as providers write them: a prefix, then letters and digits that depend on `salt` alone."""
    drawn = blake2b(f"{prefix}{salt}".encode(), digest_size=length).digest()
    return prefix + "".join(LETTERS[byte % len(LETTERS)] for byte in drawn)
