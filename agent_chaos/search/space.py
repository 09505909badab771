"""What can be searched: which faults can act at which sites of a scenario. The faults' own bounds are the space.

Ordered mildest first everywhere, since the first alternative is what shrinking strives for: families of faults, then
sites in the order of the run, then a fault's openings, then its numbers from their lower bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from annotated_types import Ge, Le

from agent_chaos.chaos.catalogue import fault_types, kind_of
from agent_chaos.chaos.fault import Choice, Drawn, Fault, Target, ToolFault, ToolTarget, WireFault
from agent_chaos.chaos.plan import Placed, Plan, Site
from agent_chaos.core.trace import Call, ToolRun, Trace

_MILDEST_FIRST = (
    "noise",
    "pace",
    "rate_limit",
    "server",
    "connection",
    "timeout",
    "delivery",
    "truncation",
    "body",
    "in_band_error",
    "stop_reason",
    "no_answer",
    "tool_call",
    "tool_arguments",
)

Bounds = tuple[str, int, int]
"""A whole-number field and its least and greatest value."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One fault with one of its openings at one site; `choice` as sorted pairs, so that entries are hashable."""

    kind: str
    site: Site
    choice: tuple[tuple[str, Any], ...]

    @property
    def single(self) -> tuple[str, str]:
        """What coverage counts: the kind at the site."""
        return (self.kind, str(self.site))


@dataclass(frozen=True)
class Menu:
    """All entries of one kind of fault."""

    cls: type[Fault]
    entries: tuple[Entry, ...]

    @property
    def kind(self) -> str:
        return kind_of(self.cls)

    @property
    def numbers(self) -> tuple[Bounds, ...]:
        """The fields to draw: whole numbers with both bounds that no opening sets."""
        chosen = {name for name, _ in self.entries[0].choice} if self.entries else set()
        return tuple(found for found in number_fields(self.cls) if found[0] not in chosen)

    def fault(self, entry: Entry, values: Iterable[int]) -> Fault:
        """The fault of an entry with these numbers."""
        named = dict(zip((name for name, _, _ in self.numbers), values, strict=True))
        return self.cls(**dict(entry.choice), **named)

    def placed(self, entry: Entry, values: Iterable[int]) -> Placed:
        return Placed(site=entry.site, fault=self.fault(entry, values))

    def entry_of(self, placed: Placed) -> int | None:
        """The index of the entry that a placed fault belongs to; None where it is outside of the space."""
        numbers = {name for name, _, _ in self.numbers} | {"kind"}
        choice = tuple(
            sorted(
                (k, v) for k, v in placed.fault.model_dump(exclude_defaults=True).items() if k not in numbers
            )
        )
        wanted = Entry(self.kind, placed.site, choice)
        return self.entries.index(wanted) if wanted in self.entries else None


@dataclass(frozen=True)
class Space:
    """Every fault that can act on a scenario, by kind, mildest first."""

    menus: tuple[Menu, ...]
    without_site: tuple[str, ...] = ()

    @classmethod
    def of(cls, trace: Trace, faults: Mapping[str, type[Fault]] | None = None) -> Space:
        """The space of a run without faults."""
        known = (fault_types() if faults is None else faults).values()
        types = sorted((one for one in known if one.searched), key=_mildness)
        menus = tuple(Menu(one, tuple(_entries(one, trace, frozenset()))) for one in types)
        return cls(menus)._sorted()

    def extended(self, traces: Iterable[Trace]) -> Space:
        """The space with sites that faults created (retries, repair calls), added behind those known before."""
        menus = list(self.menus) + [
            Menu(fault_types()[kind], ()) for kind in self.without_site if kind in fault_types()
        ]
        for trace in traces:
            menus = [Menu(m.cls, (*m.entries, *_entries(m.cls, trace, frozenset(_sites(m))))) for m in menus]
        return Space(tuple(menus))._sorted()

    def _sorted(self) -> Space:
        with_site = sorted((m for m in self.menus if m.entries), key=lambda m: _mildness(m.cls))
        without = [m.kind for m in self.menus if not m.entries]
        return Space(
            tuple(with_site), tuple(sorted({*without, *self.without_site} - {m.kind for m in with_site}))
        )

    def menu(self, kind: str) -> Menu | None:
        return next((menu for menu in self.menus if menu.kind == kind), None)

    @property
    def families(self) -> dict[str, tuple[Menu, ...]]:
        found: dict[str, tuple[Menu, ...]] = {}
        for menu in self.menus:
            found[menu.cls.family] = (*found.get(menu.cls.family, ()), menu)
        return found

    @property
    def sites(self) -> tuple[Site, ...]:
        """All sites, in order of the run."""
        found = {entry.site for menu in self.menus for entry in menu.entries}
        return tuple(sorted(found, key=lambda site: site.key))

    @property
    def singles(self) -> frozenset[tuple[str, str]]:
        return frozenset(entry.single for menu in self.menus for entry in menu.entries)

    @property
    def pairs_total(self) -> int:
        """Unordered pairs of singles at distinct sites."""
        by_site: dict[str, int] = {}
        for _, site in self.singles:
            by_site[site] = by_site.get(site, 0) + 1
        total = sum(by_site.values())
        return (total * total - sum(n * n for n in by_site.values())) // 2


@cache
def number_fields(cls: type[Fault]) -> tuple[Bounds, ...]:
    """The whole-number fields of a fault that have both bounds."""
    found: list[Bounds] = []
    for name, info in cls.model_fields.items():
        low = next((m.ge for m in info.metadata if isinstance(m, Ge)), None)
        high = next((m.le for m in info.metadata if isinstance(m, Le)), None)
        for drawn in (m for m in info.metadata if isinstance(m, Drawn)):
            low, high = drawn.low, drawn.high
        if info.annotation is int and isinstance(low, int) and isinstance(high, int):
            found.append((name, low, high))
    return tuple(found)


def edge_biased(bounds: Bounds, rng: Random) -> int:
    """A value of a field: often an edge, sometimes small, else anywhere."""
    _, low, high = bounds
    small = min(high, low + rng.choice((1, 2, 3)))
    return rng.choice((low, high, small, rng.randint(low, high)))


def singles_of(plan: Plan) -> frozenset[tuple[str, str]]:
    return frozenset((placed.fault.kind, str(placed.site)) for placed in plan.faults)


def _mildness(cls: type[Fault]) -> tuple[int, str]:
    rank = _MILDEST_FIRST.index(cls.family) if cls.family in _MILDEST_FIRST else len(_MILDEST_FIRST)
    return rank, kind_of(cls)


def _sites(menu: Menu) -> Iterator[Site]:
    return (entry.site for entry in menu.entries)


def _entries(cls: type[Fault], trace: Trace, known: frozenset[Site]) -> Iterator[Entry]:
    seen = set(known)
    steps: list[Call | ToolRun] = [*trace.calls, *trace.tools]
    for step in steps:
        if step.site is None or step.site in seen:
            continue
        seen.add(step.site)
        for choice in _openings(cls, step):
            yield Entry(kind_of(cls), step.site, tuple(sorted(choice.items())))


def _openings(cls: type[Fault], step: Call | ToolRun) -> tuple[Choice, ...]:
    if (
        isinstance(step, Call)
        and issubclass(cls, WireFault)
        and step.wire is not None
        and step.recorded is not None
    ):
        return cls.openings(Target(step.request, step.recorded, step.wire))
    if isinstance(step, ToolRun) and issubclass(cls, ToolFault):
        return cls.openings(ToolTarget(step.name, step.arguments, step.result))
    return ()
