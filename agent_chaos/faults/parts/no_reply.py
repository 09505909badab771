"""A transfer that breaks before its first byte. The faults that do so differ in values only."""

from __future__ import annotations

from abc import ABC
from typing import Annotated, ClassVar

from agent_chaos.faults.family import CONNECTION, TIMEOUT, Family
from agent_chaos.faults.fault import Choice, Drawn, Seconds, Target, TransportFault
from agent_chaos.stream.exchange import Abort, AbortKind, Reply


class NoReply(TransportFault, ABC):
    """Nothing arrives, and the client's stack raises what it raises for `abort`; `words` are the report's."""

    family: ClassVar[Family] = CONNECTION
    changes = ("turn",)
    abort: ClassVar[AbortKind]
    words: ClassVar[str]

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},) if target.reply.head else ()

    @property
    def at(self) -> float:
        """Virtual seconds until it breaks."""
        # About what a real refusal takes: at 0 virtual seconds it would come before the request was sent.
        return 0.05

    def apply(self, target: Target) -> Reply:
        return Reply((Abort(self.abort, at=self.at),)) if target.reply.head else target.reply

    def describe(self) -> str:
        return self.words


class NoReplyInTime(NoReply, ABC):
    """The client's own limit strikes, or the network gives up after `seconds`."""

    family: ClassVar[Family] = TIMEOUT
    transparent: ClassVar[bool] = True

    seconds: Annotated[Seconds, Drawn(1, 120)]

    @property
    def at(self) -> float:
        return float(self.seconds)

    def describe(self) -> str:
        return f"{self.words} for {self.seconds} s"
