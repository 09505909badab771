"""Builds plans of several faults: what the agent survives on the way, and what it may not survive at the end.

A fault behind one that ends the run is never met, so the order of the run decides which kinds may stand where. Of a few
drawn plans the one that covers most that is new is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from random import Random

from agent_chaos.faults.family import Family, Frequency
from agent_chaos.faults.plan import Placed, Plan, Site
from agent_chaos.search.checkpoints.shard import WHOLE, Shard
from agent_chaos.search.knowledge import MOST_IN_A_ROW, Knowledge, rows_of
from agent_chaos.search.numbers import FieldNumbers
from agent_chaos.search.space import Candidate, Menu, Space, Variant

_DRAWN = 6
"""How many plans are drawn for each that is taken."""
_SURE = 0.6
"""How likely a fault must be survived, or make the agent ask again, to stand before others."""
_TRIED = 3
"""How often a kind is tried that does not fire."""
_STRUCK = 0.6
"""Of the sites before the last, how many are struck."""
_MET = {Frequency.EVERYDAY: 4.0, Frequency.SOMETIMES: 2.0, Frequency.RARE: 1.0, Frequency.HOSTILE: 0.5}
"""How much sooner a fault is drawn that is met more."""

MenuCandidate = tuple[Menu, Candidate]


@dataclass(frozen=True, slots=True)
class _Offer:
    """What one kind of fault can do at a site, and how readily it is drawn."""

    menu: Menu
    candidates: tuple[Candidate, ...]
    weight: float


_Offers = Mapping[str, Sequence[_Offer]]
"""Of each family the kinds that may be drawn."""


class Combiner:
    """Draws plans over the sites of a run."""

    def __init__(self, space: Space, knowledge: Knowledge, rng: Random, shard: Shard = WHOLE) -> None:
        self._space = space
        self._shard = shard
        self._knowledge = knowledge
        self._rng = rng
        self._numbers = FieldNumbers()
        self._at: dict[Site, dict[str, list[Candidate]]] = {}
        for menu in space.menus:
            for candidate in menu.entries:
                self._at.setdefault(candidate.site, {}).setdefault(menu.kind, []).append(candidate)
        self._menus = {menu.kind: menu for menu in space.menus}
        self._offered: dict[tuple[Site, bool | None], _Offers] = {}
        self._offered_after = 0
        # In the order of the run, which is the order in which faults are met.
        self.sites = [site for site in space.steps if site in self._at]
        self._calls = [site for site in self.sites if site.of == "call"] or self.sites
        self._ended = dict.fromkeys(self.sites, 0)
        self._sweep = self._swept()

    def best(self, drawn: Callable[[], list[MenuCandidate]]) -> list[MenuCandidate]:
        """Of some drawn plans the one with most that is new."""
        return max((drawn() for _ in range(_DRAWN)), key=self._news)

    def _news(self, choices: list[MenuCandidate]) -> int:
        known, places = self._knowledge, {(menu.cls.family.name, str(one.site)) for menu, one in choices}
        new_places = sum(place not in known.places for place in places)
        return 4 * new_places + known.pairs.new(places) + 2 * len(rows_of(places) - known.rows)

    def plan(self, choices: Sequence[MenuCandidate]) -> Plan:
        """The plan of some choices, with numbers."""
        placed = (menu.placed(one, self._numbers.values(menu.kind, menu.numbers)) for menu, one in choices)
        return Plan.of((one.site, one.fault) for one in placed)

    def _swept(self) -> Iterator[MenuCandidate]:
        """Every kind until it fired, and then every variant of it that is told apart by words."""
        return chain(self._kinds_swept(), self._variants_swept())

    def _kinds_swept(self) -> Iterator[MenuCandidate]:
        """Of each family first the kind met most, families first that found most in real agents."""
        families = sorted({menu.cls.family for menu in self._space.menus}, key=lambda one: one.priority)
        kinds = [sorted(self._of(one), key=lambda menu: menu.cls.frequency) for one in families]
        first = [menus[0] for menus in kinds]
        order = self._shard.part([*first, *(menu for menus in kinds for menu in menus[1:])])
        for menu in [*order] * _TRIED:
            # Tried until it has fired, not until it was drawn: a kind behind a fault that ended the run was
            # never met.
            telling = self._telling(menu)
            if telling and not self._knowledge.fired[menu.kind]:
                yield menu, self._struck_least(telling)

    def _variants_swept(self) -> Iterator[MenuCandidate]:
        """Of kinds that are met more first: one call index, none, or a blank stop reason break agents that stand the others."""
        variants: dict[Variant, tuple[Menu, list[Candidate]]] = {}
        for menu in sorted(
            self._space.menus, key=lambda menu: (menu.cls.frequency, menu.cls.family.priority)
        ):
            for one in menu.entries:
                if one.site in self._ended:
                    variants.setdefault(one.variant, (menu, []))[1].append(one)
        for variant, (menu, entries) in tuple(variants.items()) * _TRIED:
            if not self._knowledge.variants[variant]:
                yield menu, self._struck_least(entries)

    def _struck_least(self, candidates: Sequence[Candidate]) -> Candidate:
        return min(candidates, key=lambda one: (self._ended[one.site], self.sites.index(one.site)))

    def _telling(self, menu: Menu) -> list[Candidate]:
        """The candidates of a kind with the opening that it is tried with first."""
        best = min(_told(menu, one) for one in menu.entries)
        return [one for one in menu.entries if _told(menu, one) == best and one.site in self._ended]

    def _of(self, family: Family) -> list[Menu]:
        return [menu for menu in self._space.menus if menu.cls.family == family]

    def _probe(self) -> MenuCandidate:
        """A fault that the agent may not survive: a kind that was not tried yet, else one at a place struck least."""
        found = next(self._sweep, None) or self._any(self._rng.choice(self.sites))
        self._ended[found[1].site] += 1
        return found

    def alone(self) -> list[MenuCandidate]:
        """No other fault."""
        return []

    def through(self) -> list[MenuCandidate]:
        """Faults that the agent survives, at most sites of the run."""
        rows = [self._row(site, self._length()) for site in self.sites if self._rng.random() < _STRUCK]
        return list(chain.from_iterable(rows))

    def probed(self, choices: list[MenuCandidate]) -> list[MenuCandidate]:
        """These faults, and one that the agent may not survive: behind those that strike the same call."""
        menu, candidate = self._probe()
        place = candidate.site.of, candidate.site.index
        # Behind the retries that the faults before it cause: at serving 0 it would be met first, and they
        # never.
        there = sum((one.site.of, one.site.index) == place for _, one in choices)
        return [*choices, (menu, replace_serving(candidate, there))]

    def storm(self) -> list[MenuCandidate]:
        """A run of faults at one call, of one kind or of several, and now and then one at the call after it."""
        at = self._rng.randrange(len(self._calls))
        # A limit of attempts (three in the SDKs of Anthropic and OpenAI) is only tested by going past it.
        length = self._rng.randint(2, MOST_IN_A_ROW)
        row = self._row(self._calls[at], length, alike=self._rng.random() < 0.4)
        if at + 1 < len(self._calls) and self._rng.random() < 0.4:
            row += self._row(self._calls[at + 1], self._rng.randint(1, 3))
        return row

    def spread(self) -> list[MenuCandidate]:
        """Faults at several calls: one kind at all of them, or others at each."""
        many = min(len(self.sites), self._rng.randint(2, 5))
        sites = sorted(self._rng.sample(range(len(self.sites)), many))
        alike, choices = self._rng.random() < 0.6, list[MenuCandidate]()
        for number in sites:
            among = self._surely(self.sites[number], repeating=False)
            chosen = self._weighed(_as_before(among, choices) if alike else among)
            if chosen is not None:
                choices.append(chosen)
        return choices

    def changed(self, recent: Sequence[Plan]) -> Plan | None:
        """A plan that led somewhere new, with a fault more, or with other numbers."""
        if not recent:
            return None
        plan = self._rng.choice(recent)
        if self._rng.random() < 0.5:
            return Plan(faults=tuple(self._renumbered(placed) for placed in plan.faults))
        menu, candidate = self._any(self._rng.choice(self.sites))
        more = menu.placed(candidate, self._numbers.values(menu.kind, menu.numbers))
        return Plan.of((one.site, one.fault) for one in (*plan.faults, more))

    def _renumbered(self, placed: Placed) -> Placed:
        menu = self._space.menu(placed.fault.kind)
        fields = menu.numbers if menu is not None else ()
        values = self._numbers.values(placed.fault.kind, fields)
        named = dict(zip((name for name, _, _ in fields), values, strict=True))
        return placed.model_copy(update={"fault": placed.fault.model_copy(update=named)})

    def _length(self) -> int:
        length = 1
        while length < MOST_IN_A_ROW and self._rng.random() < 0.4 * self._knowledge.row_survival(length + 1):
            length += 1
        return length

    def _row(self, site: Site, length: int, *, alike: bool = False) -> list[MenuCandidate]:
        """Faults that strike one serving of a call after the other; the last need not make the agent ask again."""
        row: list[MenuCandidate] = []
        for serving in range(length if site.of == "call" else min(length, 1)):
            among = self._surely(site, repeating=serving < length - 1)
            chosen = self._weighed(_as_before(among, row) if alike else among, serving)
            if chosen is None:
                break
            row.append(chosen)
        return row

    def _surely(self, site: Site, *, repeating: bool) -> _Offers:
        """What the agent is known to survive at a site, and where it must ask again, to ask again after."""
        return self._offers(site, repeating)

    def _any(self, site: Site, serving: int = 0) -> MenuCandidate:
        chosen = self._weighed(self._offers(site, None), serving)
        assert chosen is not None
        return chosen

    def _offers(self, site: Site, repeating: bool | None) -> _Offers:
        """What may be drawn at a site, all of it where `repeating` is None; worked out once for all that is known."""
        if self._offered_after != self._knowledge.examples:
            self._offered.clear()
            self._offered_after = self._knowledge.examples
        if (site, repeating) not in self._offered:
            kinds = [kind for kind in self._at[site] if repeating is None or self._is_sure(kind, repeating)]
            self._offered[site, repeating] = self._by_family(site, kinds)
        return self._offered[site, repeating]

    def _by_family(self, site: Site, kinds: Sequence[str]) -> _Offers:
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

    def _weighed(self, among: _Offers, serving: int = 0) -> MenuCandidate | None:
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


def _as_before(among: _Offers, chosen: Sequence[MenuCandidate]) -> _Offers:
    """Of these the kind that was chosen first; all of them where it is not among them, or nothing was chosen yet."""
    kind = chosen[0][0].kind if chosen else ""
    same = {
        family: [offer] for family, offers in among.items() for offer in offers if offer.menu.kind == kind
    }
    return same or among


def _weight(known: Knowledge, menu: Menu) -> float:
    """What is met more, and what never fired so far, comes sooner."""
    return _MET[menu.cls.frequency] * (1.0 if known.fired[menu.kind] else 2.0)


def _told(menu: Menu, candidate: Candidate) -> int:
    """How late the choice of a candidate is among those that its fault is tried with first."""
    values = dict(candidate.choice).values()
    order = menu.cls.try_first
    return next((i for i, word in enumerate(order) if word in values), len(order))


def replace_serving(candidate: Candidate, serving: int) -> Candidate:
    """The candidate at another serving of its call."""
    return replace(candidate, site=candidate.site.model_copy(update={"serving": serving}))
