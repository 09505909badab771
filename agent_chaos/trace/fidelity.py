"""How well a replayed request matched the recording: the rung of the ladder, in the words people read."""

from __future__ import annotations

from enum import IntEnum


class Fidelity(IntEnum):
    """Rungs of the matching ladder, best first. EXACT and NORMALISED are full fidelity."""

    EXACT = 1
    NORMALISED = 2
    LANE = 3
    MISS = 4

    @property
    def words(self) -> str:
        return {1: "exact", 2: "same but for ids", 3: "nearest in conversation", 4: "not recorded"}[
            self.value
        ]

    @property
    def full(self) -> bool:
        return self <= Fidelity.NORMALISED
