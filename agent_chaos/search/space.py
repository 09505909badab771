"""What can be searched: which faults can act at which sites of a scenario. The faults' own bounds are the space.

Ordered mildest first everywhere, since the first alternative is what shrinking strives for: families of faults, then
sites in the order of the run, then a fault's openings, then its numbers from their lower bound.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property
from random import Random
from typing import Any

from annotated_types import Ge, Le

from agent_chaos.faults.catalogue import kind_of
from agent_chaos.faults.family import Family, Frequency
from agent_chaos.faults.fault import Drawn, Fault, WireFault
from agent_chaos.faults.plan import Placed, Plan, Site
from agent_chaos.search.scope import EVERYTHING, Bounds, FaultSite, Rule, Scope, choice_pairs
from agent_chaos.trace.trace import Trace

Variant = tuple[str, tuple[tuple[str, str], ...]]
"""A kind of fault, and what its choices say in words: which shape, which place; not which number."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One fault with one of its openings at one site; `choice` as sorted pairs, so that entries are hashable."""

    kind: str
    site: Site
    choice: tuple[tuple[str, Any], ...]

    @property
    def single(self) -> tuple[str, str]:
        """What coverage counts: the kind at the site."""
        return (self.kind, str(self.site))

    @property
    def variant(self) -> Variant:
        return (self.kind, tuple((name, value) for name, value in self.choice if isinstance(value, str)))


def variant_of(fault: Fault) -> Variant:
    """The variant that a fault of a plan is."""
    chosen = fault.model_dump(exclude={"kind"}, exclude_defaults=True)
    words = sorted((name, value) for name, value in chosen.items() if isinstance(value, str))
    return (fault.kind, tuple(words))


@dataclass(frozen=True)
class Menu:
    """All entries of one kind of fault."""

    rule: Rule
    entries: tuple[Candidate, ...]

    @cached_property
    def cls(self) -> type[Fault]:
        return self.rule.cls

    @cached_property
    def kind(self) -> str:
        return self.rule.kind

    @cached_property
    def numbers(self) -> tuple[Bounds, ...]:
        """The fields to draw: whole numbers with both bounds that no opening sets, within the rule's own."""
        chosen = {name for name, _ in self.entries[0].choice} if self.entries else set()
        return numbers_of(self.rule, chosen)

    def fault(self, entry: Candidate, values: Iterable[int]) -> Fault:
        """The fault of an entry with these numbers."""
        named = dict(zip((name for name, _, _ in self.numbers), values, strict=True))
        return self.cls(**dict(entry.choice), **named)

    def placed(self, entry: Candidate, values: Iterable[int]) -> Placed:
        return Placed(site=entry.site, fault=self.fault(entry, values))

    def entry_of(self, placed: Placed) -> int | None:
        """The index of the entry that a placed fault belongs to; None where it is outside of the space."""
        numbers = {name for name, _, _ in self.numbers} | {"kind"}
        choice = tuple(
            sorted(
                (k, v) for k, v in placed.fault.model_dump(exclude_defaults=True).items() if k not in numbers
            )
        )
        # Without its numbers: those of a plan from elsewhere may lie outside of what this search draws.
        wanted = Candidate(self.kind, placed.site, choice)
        return self.entries.index(wanted) if wanted in self.entries else None


@dataclass(frozen=True)
class Space:
    """Every fault that can act on a scenario, by kind, mildest first."""

    menus: tuple[Menu, ...]
    without_site: tuple[str, ...] = ()
    scope: Scope = EVERYTHING
    steps: tuple[Site, ...] = ()
    """All calls and tools of the run, in its order, those that nothing can strike too."""

    @classmethod
    def of(cls, trace: Trace, scope: Scope = EVERYTHING) -> Space:
        """The space of a run without faults."""
        rules = sorted(scope.by_kind.values(), key=lambda rule: _mildness(rule.cls))
        steps: list[FaultSite] = [*trace.calls, *trace.tools]
        # Backwards, so that of several steps at a site the first one stays.
        firsts = {step.site: step for step in reversed(steps) if step.site is not None}
        ordered = [step for step in steps if step.site is not None and firsts[step.site] is step]
        in_order = tuple(sorted(firsts, key=lambda site: firsts[site].seq))
        found: list[list[Candidate]] = [[] for _ in rules]
        # Step by step: what a fault works out of a reply is at hand for the next one.
        for step in ordered:
            for rule, entries in zip(rules, found, strict=True):
                entries += _candidates(rule, step)
        menus = tuple(Menu(rule, tuple(entries)) for rule, entries in zip(rules, found, strict=True))
        return cls(menus, scope=scope, steps=in_order)._sorted()

    def extended(self, reached: Iterable[tuple[Site, tuple[Candidate, ...]]]) -> Space:
        """The space with sites that faults created (retries, calls of a branch), added behind those known before.

        A retry comes without candidates: what can strike the call can strike it again.
        """
        found: dict[str, list[Candidate]] = {menu.kind: list(menu.entries) for menu in self.menus}
        seen = set(self.sites)
        for site, candidates in reached:
            if site in seen:
                continue
            seen.add(site)
            for one in candidates or self.served_again(site):
                found.setdefault(one.kind, []).append(one)
        menus = tuple(Menu(self.scope.by_kind[kind], tuple(entries)) for kind, entries in found.items())
        nowhere = tuple(Menu(self.scope.by_kind[k], ()) for k in self.without_site if k not in found)
        return Space((*menus, *nowhere), scope=self.scope, steps=self.steps)._sorted()

    def served_again(self, site: Site) -> Iterator[Candidate]:
        """What can strike a later serving of a call: what can strike its first one."""
        first = site.model_copy(update={"serving": 0})
        for menu in self.menus:
            yield from (replace(one, site=site) for one in menu.entries if one.site == first)

    def openings(self, step: FaultSite) -> tuple[Candidate, ...]:
        """Every candidate at a step of a run."""
        return tuple(one for rule in self.scope.by_kind.values() for one in _candidates(rule, step))

    @cached_property
    def known(self) -> frozenset[Site]:
        """The sites of the run that this is the space of, and those that were added."""
        return frozenset(self.sites) | frozenset(self.steps)

    def is_serving(self, site: Site) -> bool:
        """Whether a site is a serving of a call of the run."""
        return site.serving > 0 and site.model_copy(update={"serving": 0}) in self.known

    def _sorted(self) -> Space:
        with_site = sorted((m for m in self.menus if m.entries), key=lambda m: _mildness(m.cls))
        without = [m.kind for m in self.menus if not m.entries]
        # A kind without a site may get one by a branch that a fault opened, and is then no longer told as
        # impossible.
        nowhere = {*without, *self.without_site} - {m.kind for m in with_site}
        return Space(tuple(with_site), tuple(sorted(nowhere)), self.scope, self.steps)

    def menu(self, kind: str) -> Menu | None:
        return next((menu for menu in self.menus if menu.kind == kind), None)

    @property
    def of_replies(self) -> Space:
        """The faults of model replies alone, but for those without an end; all faults where there are none."""
        kept = tuple(menu for menu in self.menus if issubclass(menu.cls, WireFault) and not menu.cls.endless)
        return replace(self, menus=kept) if kept else self

    @property
    def families(self) -> dict[Family, tuple[Menu, ...]]:
        found: dict[Family, tuple[Menu, ...]] = {}
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
        # All ordered pairs less those at one site, halved: a plan holds two faults of one site only where
        # their levels differ.
        return (total * total - sum(n * n for n in by_site.values())) // 2


@cache
def number_fields(cls: type[Fault]) -> tuple[Bounds, ...]:
    """The numbers of a fault that have both bounds, which are whole; those of seconds may be others where a plan says so."""
    found: list[Bounds] = []
    for name, info in cls.model_fields.items():
        low = next((m.ge for m in info.metadata if isinstance(m, Ge)), None)
        high = next((m.le for m in info.metadata if isinstance(m, Le)), None)
        # What a search draws is narrower than what is valid: a wait of ten days teaches no more than one of
        # ten minutes.
        for drawn in (m for m in info.metadata if isinstance(m, Drawn)):
            low, high = drawn.low, drawn.high
        if info.annotation in (int, int | float) and isinstance(low, int) and isinstance(high, int):
            found.append((name, low, high))
    return tuple(found)


def numbers_of(rule: Rule, chosen: Collection[str]) -> tuple[Bounds, ...]:
    """The fields of a rule's fault that are drawn, where a choice sets these."""
    own = {bounds[0]: bounds for bounds in number_fields(rule.cls)}
    wanted = {**own, **{bounds[0]: bounds for bounds in rule.bounds}}
    return tuple(bounds for name, bounds in wanted.items() if name not in chosen)


def edge_biased(bounds: Bounds, rng: Random) -> int:
    """A value of a field: often an edge, sometimes small, else anywhere."""
    _, low, high = bounds
    small = min(high, low + rng.choice((1, 2, 3)))
    return rng.choice((low, high, small, rng.randint(low, high)))


def singles_of(plan: Plan) -> frozenset[tuple[str, str]]:
    return frozenset((placed.fault.kind, str(placed.site)) for placed in plan.faults)


def _mildness(cls: type[Fault]) -> tuple[Family, Frequency, str]:
    """Mildest first; in a family what is met most, so that a failure is told by the fault that people will meet."""
    return cls.family, cls.frequency, kind_of(cls)


def _candidates(rule: Rule, step: FaultSite) -> Iterator[Candidate]:
    if step.site is not None:
        for choice in rule.openings(step):
            yield Candidate(rule.kind, step.site, choice_pairs(choice))
