"""How well a replayed request matched the recording: the rung of the ladder, in the words people read."""

from __future__ import annotations

from enum import IntEnum


class Fidelity(IntEnum):
    """Rungs of the matching ladder, best first.

    EXACT and NORMALISED are requests that were recorded, BY_FAULT ones that a fault itself answers. TURN and QUESTION were
    recorded with another history, PROVIDER was asked of another provider than in the recording. On the rungs below, the reply was
    given to another question (AGAIN: to the one that a fault spoiled the reply to, and that is asked again in more words): the run
    goes on with it, and no finding rests on it.
    """

    # In this order, since `full` and `answered` compare: a new rung goes where it belongs, and the numbers
    # are stored nowhere.
    EXACT = 1
    NORMALISED = 2
    BY_FAULT = 3
    TURN = 4
    QUESTION = 5
    PROVIDER = 6
    AGAIN = 7
    CONVERSATION = 8
    STAND_IN = 9
    DRIFT = 10
    MISS = 11

    @property
    def words(self) -> str:
        return _WORDS[self]

    @property
    def full(self) -> bool:
        """Whether the reply is what the model would say to exactly this request."""
        return self <= Fidelity.BY_FAULT

    @property
    def answered(self) -> bool:
        """Whether the reply was given to this question, if maybe with another history or by another provider."""
        return self <= Fidelity.PROVIDER


_WORDS = {
    Fidelity.EXACT: "exact",
    Fidelity.NORMALISED: "same but for ids",
    Fidelity.BY_FAULT: "answered by the fault",
    Fidelity.TURN: "same turn, shorter history",
    Fidelity.QUESTION: "same question, other history",
    Fidelity.PROVIDER: "same question, another provider",
    Fidelity.AGAIN: "same question, asked again in more words",
    Fidelity.CONVERSATION: "nearest in conversation",
    Fidelity.STAND_IN: "stand-in reply",
    Fidelity.DRIFT: "edited since it was recorded",
    Fidelity.MISS: "not recorded",
}
