"""When a fault written by hand strikes: at which call, turn, tool or attempt. Everything counts from 0."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, field_validator

from agent_chaos.faults.plan import Site
from agent_chaos.providers.registry import vendors


@dataclass(frozen=True, slots=True)
class CallContext:
    """A point of a run at which a fault may strike. `call` counts logical calls (or calls of tools), in all and in the
    turn; `attempt` is the SDK's retry of it. `protocol` and `tool` are empty where they do not apply; `at` is virtual
    seconds.
    """

    turn: int
    call: int
    call_in_turn: int
    attempt: int = 0
    protocol: str = ""
    tool: str = ""
    site: Site | None = None
    at: float = 0.0


class Trigger(BaseModel):
    """Conditions, all of which must hold. Without any about calls, turns or chance a fault strikes its first call.

    Calls are those of the scenario, or of the turn where a turn is named. A trigger holds for every attempt of a call,
    so that the error gets past the SDK's retries, unless `attempts` says for how many.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    on_call: int | None = Field(default=None, ge=0)
    after_calls: int | None = Field(default=None, ge=0)
    on_turn: int | None = Field(default=None, ge=0)
    after_turns: int | None = Field(default=None, ge=0)
    between_turns: tuple[int, int] | None = None
    probability: float | None = Field(default=None, ge=0, le=1)
    provider: str | None = None
    tool: str | None = None
    attempts: int | None = Field(default=None, ge=1)
    always: bool = False
    site: Site | None = None

    @field_validator("provider")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        if value is not None and value not in vendors():
            raise ValueError(f"unknown provider {value!r}; known are {', '.join(vendors())}")
        return value

    @field_validator("between_turns")
    @classmethod
    def _in_a_row(cls, value: tuple[int, int] | None) -> tuple[int, int] | None:
        if value is not None and (value[0] < 0 or value[1] != value[0] + 1):
            raise ValueError(
                f"expected two turns in a row, as in ({max(value[0], 0)}, {max(value[0], 0) + 1})"
            )
        return value

    @property
    def last_turn(self) -> int:
        """The last turn it speaks of; 0 where it speaks of none."""
        between = self.between_turns or (0, 0)
        return max(self.on_turn or 0, self.after_turns or 0, *between)

    @property
    def conditional(self) -> bool:
        """Whether it says anything about when."""
        named = (self.on_call, self.after_calls, self.on_turn, self.after_turns, self.between_turns)
        return self.always or self.probability is not None or any(one is not None for one in named)

    def allows(self, moment: CallContext) -> bool:
        """Whether it could hold at this moment, chance and first strikes aside."""
        if self.site is not None:
            return moment.site == self.site
        return self._place(moment) and self._turn(moment) and self._call(moment)

    def _place(self, moment: CallContext) -> bool:
        # A tool call speaks no protocol, and a model call names no tool: a condition about the other does not
        # rule it out.
        provider = self.provider is None or not moment.protocol or moment.protocol in vendors()[self.provider]
        tool = self.tool is None or not moment.tool or moment.tool == self.tool
        return provider and tool and (self.attempts is None or moment.attempt < self.attempts)

    def _turn(self, moment: CallContext) -> bool:
        on = self.on_turn is None or moment.turn == self.on_turn
        after = self.after_turns is None or moment.turn >= self.after_turns
        between = self.between_turns is None or moment.turn == self.between_turns[1]
        return on and after and between

    def _call(self, moment: CallContext) -> bool:
        number = moment.call if self.on_turn is None else moment.call_in_turn
        on = self.on_call is None or number == self.on_call
        return on and (self.after_calls is None or number >= self.after_calls)

    def __str__(self) -> str:
        return "".join(f".{word}" for word in self.words())

    def words(self) -> list[str]:
        """The conditions as they are written: `on_call(1)`, `for_tool('weather')`."""
        if self.site is not None:
            return [f'at("{self.site}")']
        spelled = [
            (name, getattr(self, name))
            for name in ("on_call", "after_calls", "on_turn", "after_turns", "attempts")
            if getattr(self, name) is not None
        ]
        out = [f"{name}({value})" for name, value in spelled]
        if self.between_turns is not None:
            out.append(f"between_turns({self.between_turns[0]}, {self.between_turns[1]})")
        if self.probability is not None:
            out.append(f"with_probability({self.probability})")
        out += [f'for_provider("{self.provider}")'] if self.provider else []
        out += [f'for_tool("{self.tool}")'] if self.tool else []
        return [*out, "always()"] if self.always else out
