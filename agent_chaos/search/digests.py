"""What a search remembers of all its examples, in memory that does not grow with their number."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from hashlib import blake2b

SHAPES = 2**18
"""Places for the ways in which runs may go."""
_WAYS = 8
"""Places that a digest may stand at; the smaller the table is, the sooner one of them is taken over."""


class Digests:
    """A set of digests in a table of fixed size: eight bytes each, whatever they were made of.

    Nothing is forgotten as long as the table is half empty. Beyond that an old digest is overwritten now and then, which is
    harmless: what it stood for counts as new once more, in every run of the campaign alike.
    """

    def __init__(self, places: int = 2**20) -> None:
        self._rows = places // _WAYS
        # The system gives pages of zeros as they are written to: of a short campaign hardly any.
        self._table = memoryview(bytearray(8 * self._rows * _WAYS)).cast("Q")

    def add(self, digest: bytes) -> bool:
        """Takes a digest of eight bytes or more in; whether it was not there."""
        value, start = self._place(digest)
        row = self._table[start : start + _WAYS].tolist()
        if value in row:
            return False
        at = row.index(0) if 0 in row else (value >> 32) % _WAYS
        self._table[start + at] = value
        return True

    def __contains__(self, digest: bytes) -> bool:
        value, start = self._place(digest)
        return value in self._table[start : start + _WAYS].tolist()

    def _place(self, digest: bytes) -> tuple[int, int]:
        # 0 is an empty place.
        value = int.from_bytes(digest[:8], "big") or 1
        return value, value % self._rows * _WAYS


def digest(text: str) -> bytes:
    """The digest of a text."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


class Pairs:
    """Which things were met together, at distinct places: a bit for each pair, of which there may be a million."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[Hashable, Hashable], int] = {}
        self._met: list[int] = []
        """Of each thing, by its number, a bit for each that it was met with."""
        self._at: dict[Hashable, int] = {}
        """Of each place a bit for each thing there."""

    def add(self, things: Iterable[tuple[Hashable, Hashable]]) -> None:
        """Takes in that all of these (thing, place) were met together."""
        numbers, bits = self._numbered(things)
        for number, place in numbers:
            self._met[number] |= bits & ~self._at[place]

    def new(self, things: Iterable[tuple[Hashable, Hashable]]) -> int:
        """How many pairs of these were not met so far."""
        numbers, bits = self._numbered(things)
        fresh = (bits & ~self._at[place] & ~self._met[number] for number, place in numbers)
        return sum(one.bit_count() for one in fresh) // 2

    def __len__(self) -> int:
        return sum(one.bit_count() for one in self._met) // 2

    def _numbered(
        self, things: Iterable[tuple[Hashable, Hashable]]
    ) -> tuple[list[tuple[int, Hashable]], int]:
        found, bits = list[tuple[int, Hashable]](), 0
        for one in things:
            number = self._numbers.get(one)
            if number is None:
                number = self._numbers[one] = len(self._met)
                self._met.append(0)
                self._at[one[1]] = self._at.get(one[1], 0) | 1 << number
            found.append((number, one[1]))
            # Python's whole numbers as sets: a million pairs are 64 kB like this, and to join two sets is one
            # operation.
            bits |= 1 << number
        return found, bits
