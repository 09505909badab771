"""Plans: which fault lands at which site. JSON in and out; the unit that is searched, shrunk, stored and re-run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cached_property
from hashlib import blake2b
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    SerializeAsAny,
    ValidationError,
    field_validator,
    model_validator,
)

from agent_chaos.errors import PlanError
from agent_chaos.faults.catalogue import fault_type
from agent_chaos.faults.family import Frequency
from agent_chaos.faults.fault import Fault, Level

_SITE = re.compile(r"(call|tool) (\d+)(?:\.(\d+))?")
# The order in which faults at one site act: what the model said, then how it is streamed, then how it is
# carried.
_LEVELS: tuple[Level, ...] = ("conversation", "tool", "message", "stream", "transport")


class Site(BaseModel):
    """Where a fault can land: a recorded exchange or tool call, and the k-th time it is served in a trial.

    `index` counts recorded exchanges (or tool calls) from 0 in the cassette, `serving` from 0 in a trial. Written
    `call 3` or `call 3.1`, `tool 0`; a retry of recorded call 3 is its serving 1, whatever happened elsewhere.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    of: Literal["call", "tool"]
    index: int
    serving: int = 0

    @classmethod
    def parse(cls, text: str) -> Site:
        """`call 3.1` → Site. Raises PlanError."""
        if not (match := _SITE.fullmatch(text)):
            raise PlanError(f"site {text!r}: expected 'call N', 'call N.K' or 'tool N'")
        of, index, serving = match.groups()
        return cls(of="tool" if of == "tool" else "call", index=int(index), serving=int(serving or 0))

    def __str__(self) -> str:
        # The first serving is left out: `call 3` is what people write, and what older plans hold.
        return self.place + (f".{self.serving}" if self.serving else "")

    @property
    def place(self) -> str:
        """The call or tool, whichever serving: `call 3`."""
        return f"{self.of} {self.index}"

    @property
    def key(self) -> tuple[str, int, int]:
        return (self.of, self.index, self.serving)

    @property
    def words(self) -> str:
        """For people: `call 3`, `call 3, retry 1`."""
        return f"{self.of} {self.index}" + (f", retry {self.serving}" if self.serving else "")


def fault_of(value: dict[str, Any]) -> Fault:
    """A fault from its JSON object. Raises PlanError for an unknown kind or field."""
    kind = value.get("kind")
    cls = fault_type(str(kind))
    try:
        return cls.model_validate(value)
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PlanError(f"fault {kind!r}: {where}: {first['msg']}") from None


def _fault(value: Any) -> Any:
    return fault_of(value) if isinstance(value, dict) else value


FaultField = Annotated[SerializeAsAny[Fault], BeforeValidator(_fault)]
"""A fault of any kind, which its JSON names."""


class Placed(BaseModel):
    """A fault at a site."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    site: Site
    fault: FaultField

    @field_validator("site", mode="before")
    @classmethod
    def _site(cls, value: Any) -> Any:
        return Site.parse(value) if isinstance(value, str) else value

    @property
    def key(self) -> tuple[str, int, int, int]:
        return (*self.site.key, _LEVELS.index(self.fault.level))

    def __str__(self) -> str:
        return f"{self.site.words}: {self.fault.describe()}"


class Plan(BaseModel):
    """Faults at sites, sorted by site, at most one per site and level.

    `faults` are these, each a site and the fault there; `version` is of the JSON form, and 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    version: Literal[1] = 1
    faults: tuple[Placed, ...] = ()

    @property
    def frequency(self) -> Frequency:
        """How often it is met: as often as the rarest of its faults. A plan without a fault is met in every run."""
        return max((placed.fault.own_frequency for placed in self.faults), default=Frequency.EVERYDAY)

    @property
    def met(self) -> str:
        """How often it is met, as reports say it."""
        return self.frequency.label if self.faults else "every run"

    @model_validator(mode="before")
    @classmethod
    def _sorted(cls, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("faults"), (list, tuple)):
            # Sorted before it is validated, so that two plans of the same faults are equal, however they were
            # written down.
            placed = [f if isinstance(f, Placed) else Placed.model_validate(f) for f in value["faults"]]
            return {**value, "faults": tuple(sorted(placed, key=lambda p: p.key))}
        return value

    @model_validator(mode="after")
    def _distinct(self) -> Plan:
        keys = [placed.key for placed in self.faults]
        if len(set(keys)) < len(keys):
            raise ValueError("two faults at one site and level; a plan holds at most one")
        return self

    @classmethod
    def of(cls, placed: Iterable[tuple[Site | str, Fault]]) -> Plan:
        """A plan from (site, fault) pairs; of two at one site and level the first stays."""
        kept: dict[tuple[str, int, int, int], Placed] = {}
        for site, fault in placed:
            one = Placed(site=site if isinstance(site, Site) else Site.parse(site), fault=fault)
            # The first stays: a search adds faults to a plan that it has, and must not lose those.
            kept.setdefault(one.key, one)
        return cls(faults=tuple(kept.values()))

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Reads a plan. Raises PlanError with the first thing that is wrong."""
        try:
            value = json.loads(text)
            if not isinstance(value, dict):
                raise PlanError(
                    f'plan: expected {{"version": 1, "faults": […]}}, found {type(value).__name__}'
                )
            return cls.model_validate(value)
        except ValidationError as exc:
            first = exc.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "plan"
            raise PlanError(f"plan: {where}: {first['msg']}") from None
        except (ValueError, RecursionError) as exc:
            raise PlanError(f"plan: not JSON ({exc})") from None

    def to_json(self) -> str:
        """Canonical JSON: equal plans have equal text."""
        return json.dumps(self.as_dict(), sort_keys=True, separators=(",", ":"))

    @cached_property
    def key(self) -> bytes:
        """A digest of the plan: equal for equal plans, and small to keep."""
        return blake2b(self.to_json().encode(), digest_size=16).digest()

    def as_dict(self) -> dict[str, Any]:
        faults = [{"site": str(p.site), "fault": p.fault.model_dump(mode="json")} for p in self.faults]
        return {"version": self.version, "faults": faults}

    def at(self, site: Site) -> tuple[Fault, ...]:
        """The faults at a site, in the order they are applied: message, stream, transport."""
        return tuple(placed.fault for placed in self.faults if placed.site == site)

    def without(self, index: int) -> Plan:
        """The plan less the fault at that position."""
        return Plan(faults=(*self.faults[:index], *self.faults[index + 1 :]))

    def __len__(self) -> int:
        return len(self.faults)

    def __str__(self) -> str:
        return "; ".join(str(placed) for placed in self.faults) or "no faults"
