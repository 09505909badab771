"""One of several parts of a campaign, which run without knowing of each other; `agent-chaos merge` joins what they leave.

`--exhaustive`: of all single faults every n-th. Else the examples are divided; each part tries first its own share of the
kinds of fault, and then draws with chance of its own. `--until-covered`: each completes its own share of the singles.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TypeVar

from agent_chaos.errors import UsageError

_T = TypeVar("_T")
_WRITTEN = re.compile(r"(\d{1,6})/(\d{1,6})")


@dataclass(frozen=True, slots=True)
class Shard:
    """Part `number` of `count`, counted from 1."""

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """`3/8` → Shard. Raises UsageError."""
        match = _WRITTEN.fullmatch(text)
        number, count = (int(match[1]), int(match[2])) if match else (0, 0)
        if not 1 <= number <= count:
            raise UsageError(f"--shard {text}: expected a part of a number of parts, as 1/8, 2/8 … 8/8")
        return cls(number, count)

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def part(self, items: Sequence[_T]) -> Sequence[_T]:
        """Its share of a list that all shards have alike."""
        return items[self.number - 1 :: self.count]

    def examples(self, most: int) -> int:
        """Its share of a number of examples. Raises UsageError where there are fewer examples than shards."""
        if most < self.count:
            raise UsageError(f"--shard {self}: {most} examples are too few for {self.count} shards")
        return most // self.count + (self.number <= most % self.count)

    def seed(self, seed: int) -> int:
        """What it draws with, where the campaign's seed is this one."""
        if self.count == 1:
            return seed
        return int.from_bytes(blake2b(f"{seed} {self}".encode(), digest_size=4).digest(), "big")

    def has(self, single: tuple[str, str]) -> bool:
        """Whether a kind of fault at a site is of its share, which needs no list that all shards have."""
        number = int.from_bytes(blake2b(" ".join(single).encode(), digest_size=8).digest(), "big")
        return number % self.count == self.number - 1


WHOLE = Shard(1, 1)
"""A campaign that is not divided."""
