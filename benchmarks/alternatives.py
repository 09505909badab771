"""Other ways to search, for comparison: what a user without this search would do, or what other tools do."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from random import Random

from agent_chaos.faults.plan import Placed, Plan
from agent_chaos.search.space import Candidate, Menu, Space


def uniform(space: Space, seed: int) -> Iterator[Plan]:
    """One to three faults at sites drawn at random, everything equally likely."""
    rng, at = Random(seed), _by_site(space)
    while True:
        sites = rng.sample(sorted(at), min(rng.choice((1, 2, 3)), len(at)))
        yield _plan(_drawn(rng, rng.choice(at[site])) for site in sites)


def independent(space: Space, seed: int, probability: float = 0.1) -> Iterator[Plan]:
    """A fault at each call with a fixed probability, as chaos proxies have it."""
    rng, at = Random(seed), _by_site(space)
    while True:
        struck = [site for site in sorted(at) if rng.random() < probability]
        if struck:
            yield _plan(_drawn(rng, rng.choice(at[site])) for site in struck)


def singles_then_pairs(space: Space, seed: int) -> Iterator[Plan]:
    """Every single fault in a random order, then every pair."""
    rng = Random(seed)
    every = [(menu, one) for menu in space.menus for one in menu.entries]
    rng.shuffle(every)
    yield from (_plan([_drawn(rng, one)]) for one in every)
    yield from (_plan(_drawn(rng, one) for one in pair) for pair in combinations(every, 2))


def _by_site(space: Space) -> dict[str, list[tuple[Menu, Candidate]]]:
    found: dict[str, list[tuple[Menu, Candidate]]] = {}
    for menu in space.menus:
        for one in menu.entries:
            found.setdefault(str(one.site), []).append((menu, one))
    return found


def _drawn(rng: Random, chosen: tuple[Menu, Candidate]) -> Placed:
    menu, candidate = chosen
    return menu.placed(candidate, [rng.randint(low, high) for _, low, high in menu.numbers])


def _plan(placed: Iterator[Placed] | list[Placed]) -> Plan:
    return Plan.of((one.site, one.fault) for one in placed)
