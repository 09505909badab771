"""A Hypothesis database that holds one example: what is to be shrunk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hypothesis.database import ExampleDatabase, choices_to_bytes


class Seeded(ExampleDatabase):
    """Serves one sequence of choices under the secondary key, whose entries Hypothesis shrinks; keeps nothing."""

    def __init__(self, choices: tuple[Any, ...]) -> None:
        super().__init__()
        self._blob = choices_to_bytes(choices)

    def fetch(self, key: bytes) -> Iterable[bytes]:
        return [self._blob] if key.endswith(b".secondary") else []

    def save(self, key: bytes, value: bytes) -> None:
        """Nothing is kept."""

    def delete(self, key: bytes, value: bytes) -> None:
        """Nothing was kept."""

    def move(self, src: bytes, dest: bytes, value: bytes) -> None:
        """Nothing is kept."""
