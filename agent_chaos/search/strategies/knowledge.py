"""What a search has learnt of an agent: which faults it survives, how many in a row, what was covered, what was new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from agent_chaos.faults.catalogue import fault_type
from agent_chaos.faults.plan import Plan, Site
from agent_chaos.search.digests import SHAPES, Digests, Pairs, digest
from agent_chaos.search.example import Example, Reached
from agent_chaos.search.numbers import Limits
from agent_chaos.search.space import Candidate, Variant, number_fields, variant_of

_Place = tuple[str, str]
"""A family of faults at a site."""

_TRANSPARENT, _VISIBLE = 0.9, 0.5
"""How likely a fault is survived, as long as nothing is known."""
_IN_A_ROW = 0.8
_REPEATS = 0.6
_FAILURE, _SHAPE = 3.0, 0.3
"""What a new failure teaches, and a run that went another way than all before."""
_CERTAIN = 2
"""How many runs the assumption weighs."""
MOST_IN_A_ROW = 5


class Knowledge:
    """Grows with every example; holds counts of what the space has, not of examples."""

    def __init__(self) -> None:
        self._survived: Counter[str] = Counter()
        self.fired: Counter[str] = Counter()
        self.variants: Counter[Variant] = Counter()
        self._asked_again: Counter[str] = Counter()
        self._rows_survived: Counter[int] = Counter()
        self._rows: Counter[int] = Counter()
        self.places: Counter[_Place] = Counter()
        self.singles: Counter[_Place] = Counter()
        self.pairs = Pairs()
        self.rows: set[tuple[str, ...]] = set()
        self._shapes = Digests(SHAPES)
        self.fingerprints: set[str] = set()
        self.reached: dict[Site, Reached] = {}
        self.recent: list[Plan] = []
        self.limits = Limits()
        self._combined = self._met = self._plans = self._whole = 0
        self.examples = 0

    def learn(self, example: Example) -> float:
        """Takes an example in; how much it taught: a new failure counts for more than a new shape."""
        self.examples += 1
        if len(example.plan) > 1:
            self._combined += len(example.plan)
            self._met += len(example.struck)
            self._plans += 1
            self._whole += len(example.struck) == len(example.plan)
        sites = {one.site for one in example.reached}
        for one in example.struck:
            again = _next(one.site) in sites
            for name, _, _ in number_fields(type(one.fault)):
                value = int(getattr(one.fault, name))
                self.limits.learn(one.fault.kind, name, value, noticed=again or not one.survived)
            self.fired[one.fault.kind] += 1
            self.variants[variant_of(one.fault)] += 1
            self._survived[one.fault.kind] += one.survived
            self._asked_again[one.fault.kind] += again
        for length, survived in _rows(example):
            self._rows[length] += 1
            self._rows_survived[length] += survived
        places = {(one.fault.family.name, str(one.site)) for one in example.struck}
        self.places.update(places)
        self.singles.update((one.fault.kind, str(one.site)) for one in example.struck)
        self.pairs.add(places)
        self.rows |= rows_of(places)
        for reached in example.reached:
            known = self.reached.get(reached.site)
            if known is None or len(reached.before) < len(known.before):
                self.reached[reached.site] = reached
        return self._new(example)

    def _new(self, example: Example) -> float:
        failures = example.fingerprints - self.fingerprints
        shape = self._shapes.add(digest(example.shape))
        self.fingerprints |= failures
        if len(example.plan) and (failures or shape):
            self.recent = [*self.recent[-7:], example.plan]
        return _FAILURE * len(failures) + _SHAPE * shape

    @property
    def arrives(self) -> float:
        """Of the faults in plans of several, how many the runs came to."""
        # A half as long as nothing is known (Laplace's rule of succession).
        return (self._met + 1) / (self._combined + 2)

    @property
    def whole(self) -> float:
        """Of the plans of several faults, how many were met to the last one."""
        return (self._whole + 1) / (self._plans + 2)

    @property
    def counted(self) -> list[tuple[Site, tuple[Candidate, ...]]]:
        """The sites beside those of the clean run that coverage counts: a call's first retry, and calls of a branch."""
        found = (one for one in self.reached.values() if one.site.serving <= 1)
        return [(one.site, one.candidates) for one in sorted(found, key=lambda one: one.site.key)]

    @property
    def leading(self) -> dict[Site, Plan]:
        """The fewest faults that led to each of these sites. No single fault is at such a place by itself."""
        return {site: one.before for site, one in self.reached.items()}

    def survival(self, kind: str) -> float:
        """How likely a run goes on behind a fault."""
        assumed = _TRANSPARENT if fault_type(kind).transparent else _VISIBLE
        return (self._survived[kind] + assumed * _CERTAIN) / (self.fired[kind] + _CERTAIN)

    def repeats(self, kind: str) -> float:
        """How likely a fault makes the agent send its request again."""
        return (self._asked_again[kind] + _REPEATS * _CERTAIN) / (self.fired[kind] + _CERTAIN)

    def row_survival(self, length: int) -> float:
        """How likely a call comes through after that many faults in a row."""
        assumed = float(_IN_A_ROW ** (length - 1))
        return (self._rows_survived[length] + assumed * _CERTAIN) / (self._rows[length] + _CERTAIN)


def _rows(example: Example) -> Iterable[tuple[int, bool]]:
    """For each call, how many faults struck it in a row, and whether the last of them was survived."""
    rows: dict[tuple[str, int], tuple[int, bool]] = {}
    for one in example.struck:
        length, _ = rows.get((one.site.of, one.site.index), (0, True))
        if one.site.serving == length:
            rows[one.site.of, one.site.index] = (length + 1, one.survived)
    return rows.values()


def _next(site: Site) -> Site:
    return site.model_copy(update={"serving": site.serving + 1})


def rows_of(places: set[_Place]) -> set[tuple[str, ...]]:
    """Two and three families that strike one call one after the other, wherever that is."""
    calls: dict[str, list[tuple[int, str]]] = {}
    for family, text in places:
        call, _, serving = text.partition(".")
        calls.setdefault(call, []).append((int(serving or 0), family))
    rows = [tuple(family for _, family in sorted(row)) for row in calls.values()]
    # No longer ones: there are millions of them.
    return {row[i : i + n] for row in rows for n in (2, 3) for i in range(len(row) - n + 1)}
