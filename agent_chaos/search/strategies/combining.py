"""Builds plans of several faults: what the agent survives on the way, and what it may not survive at the end.

A fault behind one that ends the run is never met, so the order of the run decides which kinds may stand where. Of a few
drawn plans the one that covers most that is new is taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from random import Random

from agent_chaos.faults.family import Frequency
from agent_chaos.faults.plan import Placed, Plan, Site
from agent_chaos.search.checkpoints.shard import WHOLE, Shard
from agent_chaos.search.numbers import FieldNumbers
from agent_chaos.search.space import Candidate, Menu, Space
from agent_chaos.search.strategies.knowledge import MOST_IN_A_ROW, Knowledge, rows_of
from agent_chaos.search.strategies.sweep import MenuCandidate, Sweep

_DRAWN = 6
"""How many plans are drawn for each that is taken."""
_SURE = 0.6
"""How likely a fault must be survived, or make the agent ask again, to stand before others."""
_GREAT = 0.4
"""Of plans of several faults, how many have great numbers."""
_USUAL = 0.6
"""Of drawn plans, how many have only faults that any agent meets."""
_TIMES = frozenset(("seconds", "retry_after_s"))
_STRUCK = 0.6
"""Of the sites before the last, how many are struck."""
_MET = {Frequency.EVERYDAY: 4.0, Frequency.SOMETIMES: 2.0, Frequency.RARE: 1.0, Frequency.HOSTILE: 0.5}
"""How much sooner a fault is drawn that is met more."""


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
        self._knowledge = knowledge
        self._rng = rng
        self._numbers = FieldNumbers(knowledge.limits)
        self._at: dict[Site, dict[str, list[Candidate]]] = {}
        for menu in space.menus:
            for candidate in menu.entries:
                self._at.setdefault(candidate.site, {}).setdefault(menu.kind, []).append(candidate)
        self._menus = {menu.kind: menu for menu in space.menus}
        self._offered: dict[tuple[Site, bool | None, bool], _Offers] = {}
        self._offered_after = 0
        # In the order of the run, which is the order in which faults are met.
        self.sites = [site for site in space.steps if site in self._at]
        self._calls = [site for site in self.sites if site.of == "call"] or self.sites
        self._ended = dict.fromkeys(self.sites, 0)
        self._sweep = Sweep(space, knowledge, self._ended, shard)
        self._probed: Counter[str] = Counter()
        self._postponed: list[MenuCandidate] = []
        self._usual = False

    def best(self, drawn: Callable[[], list[MenuCandidate]]) -> list[MenuCandidate]:
        """Of some drawn plans the one with most that is new."""
        # There are few usual faults, so that their orders and sums come up only where others do not stand
        # between them.
        self._usual = self._rng.random() < _USUAL
        return max((drawn() for _ in range(_DRAWN)), key=self._news)

    def _news(self, choices: list[MenuCandidate]) -> int:
        known, places = self._knowledge, {(menu.cls.family.name, str(one.site)) for menu, one in choices}
        new_places = sum(place not in known.places for place in places)
        return 4 * new_places + known.pairs.new(places) + 4 * len(rows_of(places) - known.rows)

    def plan(self, choices: Sequence[MenuCandidate]) -> Plan:
        """The plan of some choices, with numbers."""
        # All of a plan's numbers together: waits that add up are great ones.
        great = len(choices) > 1 and self._rng.random() < _GREAT
        placed = (
            menu.placed(one, self._numbers.values(menu.kind, menu.numbers, great=great))
            for menu, one in choices
        )
        return Plan.of((one.site, one.fault) for one in placed)

    def _probe(self) -> MenuCandidate:
        """A fault that the agent may not survive: a kind that was not tried yet, else one at a place struck least."""
        if self._postponed:
            return self._postponed.pop(0)
        found = self._sweep.next() or self._any(self._rng.choice(self.sites))
        self._ended[found[1].site] += 1
        return found

    def alone(self) -> list[MenuCandidate]:
        """No other fault."""
        return []

    def through(self) -> list[MenuCandidate]:
        """Faults that the agent survives, at most sites of the run."""
        rows = [self._row(site, self._length()) for site in self.sites if self._rng.random() < _STRUCK]
        return list(chain.from_iterable(rows))

    def probed(self, choices: list[MenuCandidate], probes: int = 1) -> list[MenuCandidate]:
        """These faults, and so many that the agent may not survive, those that had to wait first; one that was not met behind others comes
        alone."""
        struck, waiting = list[Site](), list[MenuCandidate]()
        for _ in range(2 * probes):
            menu, candidate = found = self._probe()
            alone = bool(self._probed[menu.kind]) and not self._knowledge.fired[menu.kind]
            # What would take the place of one that this plan tries is tried in a later plan: the sweep names each fault
            # a few times, and one that was pushed out each time would never be tried.
            if struck and (alone or (candidate.site.of == "tool" and candidate.site in struck)):
                waiting.append(found)
                continue
            self._probed[menu.kind] += 1
            struck.append(candidate.site)
            choices = [found] if alone else self._behind(choices, menu, candidate)
            if alone or len(struck) == probes:
                break
        self._postponed = [*waiting, *self._postponed]
        return choices

    def _behind(self, choices: list[MenuCandidate], menu: Menu, candidate: Candidate) -> list[MenuCandidate]:
        """These faults, and one more behind those that strike the same call."""
        place = candidate.site.of, candidate.site.index
        there = [one for one in choices if (one[1].site.of, one[1].site.index) == place]
        if candidate.site.of == "tool":
            # No tool is asked again: it would never be met behind others.
            return [*(one for one in choices if one not in there), (menu, candidate)]
        # Behind the retries that the faults before it cause: at serving 0 it would be met first, and they
        # never.
        return [*choices, (menu, replace_serving(candidate, len(there)))]

    def storm(self) -> list[MenuCandidate]:
        """Runs of faults at one call, of one kind or of several, and where they are survived, at those after it."""
        choices, at = list[MenuCandidate](), self._rng.randrange(len(self._calls))
        for site in self._calls[at:]:
            # A limit of attempts (three in the SDKs of Anthropic and OpenAI) is only tested by going past it.
            length = self._rng.randint(2, MOST_IN_A_ROW)
            choices += self._row(site, length, alike=self._rng.random() < 0.4)
            if self._rng.random() > 0.8 * self._knowledge.row_survival(length):
                break
        return choices

    def spread(self) -> list[MenuCandidate]:
        """Faults at several calls: one kind at all of them, or others at each."""
        alike, choices = self._rng.random() < 0.6, list[MenuCandidate]()
        # No kind strikes both a call and a tool.
        of = self._rng.choice(self.sites).of
        among_sites = [site for site in self.sites if site.of == of] if alike else self.sites
        many = min(len(among_sites), self._rng.randint(2, 5))
        numbers = sorted(self._rng.sample(range(len(among_sites)), many))
        for number in numbers:
            among = self._surely(among_sites[number], repeating=False)
            chosen = self._weighed(_as_before(among, choices) if alike else among)
            if chosen is not None:
                choices.append(chosen)
        return choices

    def waits(self) -> list[MenuCandidate]:
        """What takes long, at most sites of the run: deadlines, budgets and cooldowns are met by their sum."""
        choices = list[MenuCandidate]()
        for site in self.sites:
            length = self._rng.randint(0, 2 if site.of == "call" else 1)
            choices += self._row(site, length, of=_waiting)
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

    def _row(
        self,
        site: Site,
        length: int,
        *,
        alike: bool = False,
        of: Callable[[_Offers], _Offers] = lambda one: one,
    ) -> list[MenuCandidate]:
        """Faults that strike one serving of a call after the other; the last need not make the agent ask again."""
        row: list[MenuCandidate] = []
        for serving in range(length if site.of == "call" else min(length, 1)):
            among = of(self._surely(site, repeating=serving < length - 1))
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
        usual = self._usual and repeating is not None
        if (site, repeating, usual) not in self._offered:
            kinds = [kind for kind in self._at[site] if repeating is None or self._is_sure(kind, repeating)]
            everyday = [kind for kind in kinds if self._menus[kind].cls.frequency is Frequency.EVERYDAY]
            self._offered[site, repeating, usual] = self._by_family(site, everyday if usual else kinds)
        return self._offered[site, repeating, usual]

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


def _waiting(among: _Offers) -> _Offers:
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
