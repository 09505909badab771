"""What can be drawn at the sites of a run: of each family the kinds, weighed by what is known of the agent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from agent_chaos.faults.family import Frequency
from agent_chaos.faults.plan import Site
from agent_chaos.search.space import Candidate, Menu, Space
from agent_chaos.search.strategies.knowledge import Knowledge
from agent_chaos.search.strategies.sweep import MenuCandidate

_SURE = 0.6
"""How likely a fault must be survived, or make the agent ask again, to stand before others."""
_TIMES = frozenset(("seconds", "retry_after_s"))
_MET = {Frequency.EVERYDAY: 4.0, Frequency.SOMETIMES: 2.0, Frequency.RARE: 1.0, Frequency.HOSTILE: 0.5}
"""How much sooner a fault is drawn that is met more."""


@dataclass(frozen=True, slots=True)
class _Offer:
    """What one kind of fault can do at a site, and how readily it is drawn."""

    menu: Menu
    candidates: tuple[Candidate, ...]
    weight: float


ByFamily = Mapping[str, Sequence[_Offer]]
"""Of each family the kinds that may be drawn."""


class Offers:
    """Draws faults, each at one site. While `usual` holds, what stands before others is drawn from everyday faults alone."""

    def __init__(self, space: Space, knowledge: Knowledge, rng: Random) -> None:
        self._knowledge = knowledge
        self._rng = rng
        self._at: dict[Site, dict[str, list[Candidate]]] = {}
        for menu in space.menus:
            for candidate in menu.entries:
                self._at.setdefault(candidate.site, {}).setdefault(menu.kind, []).append(candidate)
        self._menus = {menu.kind: menu for menu in space.menus}
        self._kept: dict[tuple[Site, bool | None, bool], ByFamily] = {}
        self._kept_after = 0
        self.usual = False

    def __contains__(self, site: Site) -> bool:
        """Whether anything can strike at a site."""
        return site in self._at

    def surely(self, site: Site, *, repeating: bool) -> ByFamily:
        """What the agent is known to survive at a site, and where it must ask again, to ask again after."""
        return self._offered(site, repeating)

    def any_at(self, site: Site, serving: int = 0) -> MenuCandidate:
        """One of everything that can strike at a site, survived or not."""
        chosen = self.drawn(self._offered(site, None), serving)
        assert chosen is not None
        return chosen

    def _offered(self, site: Site, repeating: bool | None) -> ByFamily:
        """What may be drawn at a site, all of it where `repeating` is None; worked out once for all that is known."""
        if self._kept_after != self._knowledge.examples:
            self._kept.clear()
            self._kept_after = self._knowledge.examples
        usual = self.usual and repeating is not None
        if (site, repeating, usual) not in self._kept:
            kinds = [kind for kind in self._at[site] if repeating is None or self._is_sure(kind, repeating)]
            everyday = [kind for kind in kinds if self._menus[kind].cls.frequency is Frequency.EVERYDAY]
            self._kept[site, repeating, usual] = self._by_family(site, everyday if usual else kinds)
        return self._kept[site, repeating, usual]

    def _by_family(self, site: Site, kinds: Sequence[str]) -> ByFamily:
        found: dict[str, list[_Offer]] = {}
        for kind in kinds:
            menu = self._menus[kind]
            offer = _Offer(menu, tuple(self._at[site][kind]), _weight(self._knowledge, menu))
            found.setdefault(menu.cls.family.name, []).append(offer)
        return found

    def _is_sure(self, kind: str, repeating: bool) -> bool:
        known = self._knowledge
        # A fault that the agent does not answer with a retry ends the row: there is no later serving
        # for the next one.
        lasts = known.survival(kind) >= _SURE and not self._menus[kind].cls.endless
        return lasts and (not repeating or known.repeats(kind) >= _SURE)

    def drawn(self, among: ByFamily, serving: int = 0) -> MenuCandidate | None:
        """One of these: a family first, then a kind, then an opening; what was struck less, and is met more, sooner."""
        if not among:
            return None
        known = self._knowledge
        first = next(iter(among.values()))[0].candidates[0]
        at = str(replace_serving(first, serving).site)
        weights = [
            max(offer.weight for offer in offers) / (1 + 3 * known.places[family, at])
            for family, offers in among.items()
        ]
        offers = self._rng.choices(list(among.values()), weights)[0]
        weights = [offer.weight / (1 + known.singles[offer.menu.kind, at]) for offer in offers]
        offer = self._rng.choices(offers, weights)[0]
        weights = [1 / (1 + known.variants[one.variant]) for one in offer.candidates]
        return offer.menu, replace_serving(self._rng.choices(offer.candidates, weights)[0], serving)


def as_before(among: ByFamily, chosen: Sequence[MenuCandidate]) -> ByFamily:
    """Of these the kind that was chosen first; all of them where it is not among them, or nothing was chosen yet."""
    kind = chosen[0][0].kind if chosen else ""
    same = {
        family: [offer] for family, offers in among.items() for offer in offers if offer.menu.kind == kind
    }
    return same or among


def waiting(among: ByFamily) -> ByFamily:
    """Of these the kinds that take a time."""
    kept = {
        family: [offer for offer in offers if any(name in _TIMES for name, _, _ in offer.menu.numbers)]
        for family, offers in among.items()
    }
    return {family: offers for family, offers in kept.items() if offers}


def _weight(known: Knowledge, menu: Menu) -> float:
    """What is met more, what has a number, of which each may matter, and what never fired so far, comes sooner."""
    return (
        _MET[menu.cls.frequency] * (2.0 if menu.numbers else 1.0) * (1.0 if known.fired[menu.kind] else 2.0)
    )


def replace_serving(candidate: Candidate, serving: int) -> Candidate:
    """The candidate at another serving of its call."""
    return replace(candidate, site=candidate.site.model_copy(update={"serving": serving}))
