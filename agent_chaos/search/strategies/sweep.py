"""What is tried at the end of a plan, once each: every kind of fault until it fired, and then every variant of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from agent_chaos.faults.family import Family
from agent_chaos.faults.plan import Site
from agent_chaos.search.checkpoints.shard import WHOLE, Shard
from agent_chaos.search.space import Candidate, Menu, Space, Variant
from agent_chaos.search.strategies.knowledge import Knowledge

_TRIED = 3
"""How often a kind is tried that does not fire."""

MenuCandidate = tuple[Menu, Candidate]


class Sweep:
    """Goes once over a space. `struck` is how often each site, in the order of the run, was at the end of a plan."""

    def __init__(
        self, space: Space, knowledge: Knowledge, struck: Mapping[Site, int], shard: Shard = WHOLE
    ) -> None:
        self._space = space
        self._knowledge = knowledge
        self._struck = struck
        self._order = {site: number for number, site in enumerate(struck)}
        self._shard = shard
        self._left = chain(self._kinds(), self._variants())

    def next(self) -> MenuCandidate | None:
        """What comes next, at the site that was struck least; None where all was tried."""
        return next(self._left, None)

    def _kinds(self) -> Iterator[MenuCandidate]:
        """Of each family first the kind met most, families first that found most in real agents."""
        found = {menu.cls.family for menu in self._space.menus}
        # Of equal ones the milder first: the order of a set of texts differs from process to process, and a seed would mean
        # other plans in each.
        families = sorted(found, key=lambda one: (one.priority, one))
        kinds = [sorted(self._of(one), key=lambda menu: menu.cls.frequency) for one in families]
        first = [menus[0] for menus in kinds]
        order = self._shard.part([*first, *(menu for menus in kinds for menu in menus[1:])])
        for menu in [*order] * _TRIED:
            # Tried until it has fired, not until it was drawn: a kind behind a fault that ended the run was
            # never met.
            telling = self._telling(menu)
            if telling and not self._knowledge.fired[menu.kind]:
                yield menu, self._struck_least(telling)

    def _variants(self) -> Iterator[MenuCandidate]:
        """Of kinds that are met more first: one call index, none, or a blank stop reason break agents that stand the others."""
        variants: dict[Variant, tuple[Menu, list[Candidate]]] = {}
        for menu in sorted(
            self._space.menus, key=lambda menu: (menu.cls.frequency, menu.cls.family.priority)
        ):
            for one in menu.entries:
                if one.site in self._order:
                    variants.setdefault(one.variant, (menu, []))[1].append(one)
        for variant, (menu, entries) in tuple(variants.items()) * _TRIED:
            if not self._knowledge.variants[variant]:
                yield menu, self._struck_least(entries)

    def _struck_least(self, candidates: Sequence[Candidate]) -> Candidate:
        return min(candidates, key=lambda one: (self._struck[one.site], self._order[one.site]))

    def _telling(self, menu: Menu) -> list[Candidate]:
        """The candidates of a kind with the opening that it is tried with first."""
        best = min(_told(menu, one) for one in menu.entries)
        return [one for one in menu.entries if _told(menu, one) == best and one.site in self._order]

    def _of(self, family: Family) -> list[Menu]:
        return [menu for menu in self._space.menus if menu.cls.family == family]


def _told(menu: Menu, candidate: Candidate) -> int:
    """How late the choice of a candidate is among those that its fault is tried with first."""
    values = dict(candidate.choice).values()
    order = menu.cls.try_first
    return next((i for i, word in enumerate(order) if word in values), len(order))
