"""An answer breaks off for another reason than its length."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from annotated_types import Ge, Le

from agent_chaos.faults.family import STOP_REASON, Frequency
from agent_chaos.faults.fault import Choice, MessageFault, Target
from agent_chaos.faults.parts.final_text import final_text, kept
from agent_chaos.stream.exchange import Reply


class StoppedInText(MessageFault, frozen=True):
    """A complete reply that a filter, a refusal, an error or an unknown `reason` broke off: `percent_lost` percent of
    the answer's text are missing, and nothing follows. `reason` is the provider's own word.

    Source: pydantic/pydantic-ai#5249, spiceai/spiceai#12596, Pasta-Devs/Marinara-Engine#3039 (a part of an answer that
    passes for the whole one).
    """

    family = STOP_REASON
    frequency = Frequency.SOMETIMES
    changes = ("text", "stop")
    needs = frozenset({"early_stops"})

    kind: Literal["stopped_in_text"] = "stopped_in_text"
    reason: str
    percent_lost: Annotated[int, Ge(5), Le(95)]

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        if final_text(target) is None:
            return ()
        return tuple({"reason": reason} for reason in target.protocol.specifics.early_stops)

    def apply(self, target: Target) -> Reply:
        found, stop = final_text(target), target.protocol.specifics.early_stops.get(self.reason)
        if found is None or stop is None:
            return target.reply
        turn, index, part = found
        begun = replace(part, text=part.text[: kept(part, self.percent_lost)])
        # The provider's own word, not the neutral stop: several words map to one stop, and SDKs branch on the
        # word.
        stopped = replace(turn, parts=(*turn.parts[:index], begun), stop=stop, stop_raw=self.reason)
        return target.protocol.render(stopped, target.reply)

    def describe(self) -> str:
        return f"the answer breaks off with {self.reason!r} ({self.percent_lost} % lost)"
