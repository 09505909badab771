"""Which faults go to which sites, and in which order: singles first, then combinations that cover new pairs.

A pure function of the seed, the space and the results so far.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from random import Random

from agent_chaos.faults.family import Family
from agent_chaos.faults.plan import Placed, Plan, Site
from agent_chaos.search.space import Candidate, Menu, Space, edge_biased, singles_of

SINGLES_SHARE = 0.5
TAIL_SHARE = 0.2
TOOL_SHARE = 0.15
"""Of the combinations, how many may hold faults of tools: after most of those no recording tells what a model would say."""
_CANDIDATES = 8


def singles(space: Space, rng: Random) -> Iterator[Plan]:
    """One fault at a time: a representative of each family, then every kind with every opening, then every site."""
    if space.scope.size[0] > 1:
        return
    menus = sorted(space.menus, key=_usual_first)
    first = [next(menu for menu in menus if menu.cls.family == family) for family in _families(menus)]
    yield from (single(menu, _most_telling(menu)[0], rng) for menu in first)
    yield from (single(menu, _most_telling(menu)[0], rng) for menu in menus if menu not in first)
    rounds = [iter(_most_telling(menu)[1:]) for menu in menus]
    while rounds:
        for menu, entries in list(zip(menus, rounds, strict=True)):
            entry = next(entries, None)
            if entry is None:
                at = menus.index(menu)
                menus, rounds = menus[:at] + menus[at + 1 :], rounds[:at] + rounds[at + 1 :]
            else:
                yield single(menu, entry, rng)


def _families(menus: list[Menu]) -> list[Family]:
    return list(dict.fromkeys(menu.cls.family for menu in menus))


def _usual_first(menu: Menu) -> tuple[int, int, str]:
    return menu.cls.family.priority, menu.cls.frequency, menu.kind


def _most_telling(menu: Menu) -> list[Candidate]:
    """The entries, each opening at its first site before any at a second one, the telling openings first."""
    seen: dict[tuple[tuple[str, object], ...], int] = {}
    ranked: list[tuple[int, int, int, Candidate]] = []
    for i, entry in enumerate(menu.entries):
        again = seen[entry.choice] = seen.get(entry.choice, -1) + 1
        preferred = menu.cls.try_first
        place = next((j for j, word in enumerate(preferred) if word in dict(entry.choice).values()), 99)
        ranked.append((again, place, i, entry))
    return [entry for *_, entry in sorted(ranked, key=lambda one: one[:3])]


def single(menu: Menu, entry: Candidate, rng: Random) -> Plan:
    """One fault at an edge of its numbers."""
    values = [low if name == "offset" else rng.choice((low, high)) for name, low, high in menu.numbers]
    return Plan(faults=(menu.placed(entry, values),))


class Covering:
    """Combinations at distinct sites that cover pairs of singles not seen together yet, greedily.

    Takes fewer faults at a time where most combinations die at their first one. A site that only faults lead to comes with
    those that do.
    """

    def __init__(self, space: Space, rng: Random, leading: Mapping[Site, Plan] | None = None) -> None:
        self._leading = leading or {}
        self._space = space
        self._rng = rng
        self._by_site: dict[str, list[tuple[Menu, Candidate]]] = {}
        for menu in space.menus:
            for entry in menu.entries:
                self._by_site.setdefault(str(entry.site), []).append((menu, entry))
        self.pairs: set[frozenset[tuple[str, str]]] = set()
        self._ran = self._died_early = 0

    def covered(self, plan: Plan, *, died_early: bool = False) -> None:
        """Notes a plan that ran."""
        self.pairs |= pairs_of(plan)
        if len(plan) > 2:
            self._ran += 1
            self._died_early += died_early

    def next(self) -> Plan:
        """The best of a few random combinations; the empty plan where there is nothing to combine."""
        if not self._by_site:
            return Plan()
        sites = sorted(self._by_site)
        of_replies = [site for site in sites if Site.parse(site).of == "call"]
        within = sites if self._rng.random() < TOOL_SHARE else of_replies or sites
        return max(
            (self._candidate(within) for _ in range(_CANDIDATES)),
            key=lambda plan: len(pairs_of(plan) - self.pairs),
        )

    def _candidate(self, within: list[str]) -> Plan:
        fragile = self._ran >= 10 and self._died_early * 2 > self._ran
        wanted = self._rng.choice(_sizes(fragile, *self._space.scope.size))
        sites = self._rng.sample(within, min(wanted, len(within)))
        drawn = [self._fault_at(site) for site in sites]
        taken = {placed.site for placed in drawn}
        led = [one for placed in drawn for one in self._leading.get(placed.site, Plan()).faults]
        return Plan.of(
            (one.site, one.fault) for one in (*(one for one in led if one.site not in taken), *drawn)
        )

    def _fault_at(self, site: str) -> Placed:
        kinds = sorted({menu.kind for menu, _ in self._by_site[site]})
        kind = self._rng.choice(kinds)
        menu, entry = self._rng.choice([one for one in self._by_site[site] if one[0].kind == kind])
        return menu.placed(entry, [edge_biased(bounds, self._rng) for bounds in menu.numbers])


def _sizes(fragile: bool, least: int, most: int) -> tuple[int, ...]:
    """How many faults a combination may have."""
    preferred = tuple(size for size in ((1, 2) if fragile else (3, 4, 5)) if least <= size <= most)
    return preferred or tuple(range(least, most + 1))


def pairs_of(plan: Plan) -> set[frozenset[tuple[str, str]]]:
    """The unordered pairs of singles in a plan, at distinct sites."""
    ordered = sorted(singles_of(plan))
    return {frozenset(pair) for pair in combinations(ordered, 2) if pair[0][1] != pair[1][1]}
