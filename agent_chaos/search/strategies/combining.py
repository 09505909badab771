"""Builds plans of several faults: what the agent survives on the way, and what it may not survive at the end.

A fault behind one that ends the run is never met, so the order of the run decides which kinds may stand where. Of a few
drawn plans the one that covers most that is new is taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import chain
from random import Random

from agent_chaos.faults.plan import Placed, Plan, Site
from agent_chaos.search.checkpoints.shard import WHOLE, Shard
from agent_chaos.search.numbers import FieldNumbers
from agent_chaos.search.space import Candidate, Menu, Space
from agent_chaos.search.strategies.knowledge import MOST_IN_A_ROW, Knowledge, rows_of
from agent_chaos.search.strategies.offers import ByFamily, Offers, as_before, replace_serving, waiting
from agent_chaos.search.strategies.sweep import MenuCandidate, Sweep

_DRAWN = 6
"""How many plans are drawn for each that is taken."""
_GREAT = 0.4
"""Of plans of several faults, how many have great numbers."""
_USUAL = 0.6
"""Of drawn plans, how many have only faults that any agent meets."""
_STRUCK = 0.6
"""Of the sites before the last, how many are struck."""


class Combiner:
    """Draws plans over the sites of a run."""

    def __init__(self, space: Space, knowledge: Knowledge, rng: Random, shard: Shard = WHOLE) -> None:
        self._space = space
        self._knowledge = knowledge
        self._rng = rng
        self._numbers = FieldNumbers(knowledge.limits)
        self._offers = Offers(space, knowledge, rng)
        # In the order of the run, which is the order in which faults are met.
        self.sites = [site for site in space.steps if site in self._offers]
        self._calls = [site for site in self.sites if site.of == "call"] or self.sites
        self._ended = dict.fromkeys(self.sites, 0)
        self._sweep = Sweep(space, knowledge, self._ended, shard)
        self._probed: Counter[str] = Counter()
        self._postponed: list[MenuCandidate] = []

    def best(self, drawn: Callable[[], list[MenuCandidate]]) -> list[MenuCandidate]:
        """Of some drawn plans the one with most that is new."""
        # There are few usual faults, so that their orders and sums come up only where others do not stand
        # between them.
        self._offers.usual = self._rng.random() < _USUAL
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
        found = self._sweep.next() or self._offers.any_at(self._rng.choice(self.sites))
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
            among = self._offers.surely(among_sites[number], repeating=False)
            chosen = self._offers.drawn(as_before(among, choices) if alike else among)
            if chosen is not None:
                choices.append(chosen)
        return choices

    def waits(self) -> list[MenuCandidate]:
        """What takes long, at most sites of the run: deadlines, budgets and cooldowns are met by their sum."""
        choices = list[MenuCandidate]()
        for site in self.sites:
            length = self._rng.randint(0, 2 if site.of == "call" else 1)
            choices += self._row(site, length, of=waiting)
        return choices

    def changed(self, recent: Sequence[Plan]) -> Plan | None:
        """A plan that led somewhere new, with a fault more, or with other numbers."""
        if not recent:
            return None
        plan = self._rng.choice(recent)
        if self._rng.random() < 0.5:
            return Plan(faults=tuple(self._renumbered(placed) for placed in plan.faults))
        menu, candidate = self._offers.any_at(self._rng.choice(self.sites))
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
        of: Callable[[ByFamily], ByFamily] = lambda one: one,
    ) -> list[MenuCandidate]:
        """Faults that strike one serving of a call after the other; the last need not make the agent ask again."""
        row: list[MenuCandidate] = []
        for serving in range(length if site.of == "call" else min(length, 1)):
            among = of(self._offers.surely(site, repeating=serving < length - 1))
            chosen = self._offers.drawn(as_before(among, row) if alike else among, serving)
            if chosen is None:
                break
            row.append(chosen)
        return row
