"""Other ways to search, for comparison: what a user without this search would do, or what other tools do."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from itertools import combinations
from random import Random

from agent_chaos.faults.plan import Placed, Plan
from agent_chaos.search.scope import Rule
from agent_chaos.search.space import Candidate, Menu, Space
from agent_chaos.search.strategies.offers import replace_serving
from agent_chaos.search.variants.chaos_space import ChaosSpace


def uniform(space: Space, seed: int) -> Iterator[Plan]:
    """One to three faults at sites drawn at random, everything equally likely."""
    rng, at = Random(seed), _by_site(space)
    while True:
        sites = rng.sample(sorted(at), min(rng.choice((1, 2, 3)), len(at)))
        yield _plan(_drawn(rng, rng.choice(at[site])) for site in sites)


def independent(space: Space, seed: int, probability: float = 0.1) -> Iterator[Plan]:
    """A fault at each request and tool with a fixed probability, as chaos proxies have it; retries are requests too."""
    yield from _each_request(space, seed, probability, _by_site(space))


def rates(space: Space, seed: int, probability: float = 0.2) -> Iterator[Plan]:
    """The rates of mock servers (llmock, aimock): each request is dropped with a 500, malformed, or disconnected."""
    yield from _each_request(space, seed, probability, _by_site(space, _RATED))


_RATED = frozenset(("server_error", "incomplete_body", "bare_body", "broken_event", "reset_before_headers"))
_SERVINGS = 4


def _each_request(
    space: Space, seed: int, probability: float, at: dict[str, list[tuple[Menu, Candidate]]]
) -> Iterator[Plan]:
    rng = Random(seed)
    requests = [(site, n) for site in sorted(at) for n in range(_SERVINGS if site.startswith("call") else 1)]
    while True:
        struck = [one for one in requests if rng.random() < probability]
        if struck:
            chosen = ((rng.choice(at[site]), n) for site, n in struck)
            yield _plan(_drawn(rng, (menu, replace_serving(one, n))) for (menu, one), n in chosen)


def variants(space: Space, seed: int) -> Iterator[Plan]:
    """As `fuzz_chaos` of 0.1.3 draws: one to three faults, each of a place by its weight, a kind of it, any call."""
    rng, settings = Random(seed), ChaosSpace()
    places = [
        (one.probability, _rules(space, one.rules()))
        for one in (settings.llm, settings.stream, settings.tool)
    ]
    places = [(weight, rules) for weight, rules in places if rules]
    weights = [weight for weight, _ in places]
    while True:
        chosen = rng.choices([rules for _, rules in places], weights, k=rng.randint(1, 3))
        drawn = [rng.choice(rules) for rules in chosen]
        yield _plan(_within(rng, rule, menu) for rule, menu in drawn)


def _rules(space: Space, rules: Iterable[Rule]) -> list[tuple[Rule, Menu]]:
    menus = ((rule, space.menu(rule.kind)) for rule in rules)
    return [(rule, menu) for rule, menu in menus if menu is not None]


def _within(rng: Random, rule: Rule, menu: Menu) -> Placed:
    """A fault anywhere, its numbers within those of 0.1.3."""
    bounds = {name: (low, high) for name, low, high in (*menu.numbers, *rule.bounds)}
    return menu.placed(rng.choice(menu.entries), [rng.randint(*bounds[name]) for name, _, _ in menu.numbers])


def singles_then_pairs(space: Space, seed: int) -> Iterator[Plan]:
    """Every single fault in a random order, then every pair."""
    rng = Random(seed)
    every = [(menu, one) for menu in space.menus for one in menu.entries]
    rng.shuffle(every)
    yield from (_plan([_drawn(rng, one)]) for one in every)
    yield from (_plan(_drawn(rng, one) for one in pair) for pair in combinations(every, 2))


def _by_site(space: Space, kinds: Container[str] | None = None) -> dict[str, list[tuple[Menu, Candidate]]]:
    found: dict[str, list[tuple[Menu, Candidate]]] = {}
    for menu in (one for one in space.menus if kinds is None or one.kind in kinds):
        for one in menu.entries:
            found.setdefault(str(one.site), []).append((menu, one))
    return found


def _drawn(rng: Random, chosen: tuple[Menu, Candidate]) -> Placed:
    menu, candidate = chosen
    return menu.placed(candidate, [rng.randint(low, high) for _, low, high in menu.numbers])


def _plan(placed: Iterator[Placed] | list[Placed]) -> Plan:
    return Plan.of((one.site, one.fault) for one in placed)
