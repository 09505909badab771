"""The order of the search: one of each family, every kind, every opening; then combinations that cover new pairs."""

from itertools import islice
from random import Random

import pytest

from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.search.random_phase import draw
from agent_chaos.search.schedule import Covering, pairs_of, singles
from agent_chaos.search.space import Space, edge_biased, number_fields
from tests.search import shop


@pytest.fixture(scope="module")
def rehearsal():
    return shop.rehearsal()


@pytest.fixture(scope="module")
def space(rehearsal):
    return Space.of(rehearsal.clean)


def test_singles_start_with_one_of_each_family_then_one_of_each_kind(space):
    plans = list(singles(space, Random(0)))
    families = [plan.faults[0].fault.family for plan in plans]
    kinds = [plan.faults[0].fault.kind for plan in plans]

    assert {len(plan) for plan in plans} == {1}
    assert sorted(families[: len(space.families)]) == sorted(space.families)
    assert sorted(kinds[: len(space.menus)]) == sorted(menu.kind for menu in space.menus)


def test_singles_go_on_to_every_opening_at_every_site_each_once(space):
    placed = [plan.faults[0] for plan in singles(space, Random(0))]
    entries = [(menu.kind, menu.entry_of(one)) for one in placed if (menu := space.menu(one.fault.kind))]

    assert len(set(entries)) == len(entries)
    assert set(entries) == {(menu.kind, i) for menu in space.menus for i in range(len(menu.entries))}


def test_combinations_stand_at_distinct_sites_and_cover_new_pairs(space):
    covering, new = Covering(space, Random(0)), []
    for _ in range(60):
        plan = covering.next()
        new.append(len(pairs_of(plan) - covering.pairs))
        covering.covered(plan)

        assert len({placed.site for placed in plan.faults}) == len(plan) > 1

    assert sum(count > 0 for count in new) >= 55
    assert len(covering.pairs) == sum(new) <= space.pairs_total


def test_a_site_that_only_faults_lead_to_comes_with_those_that_do(space):
    menu = space.menus[0]
    there, led = (
        menu.entries[0].site,
        Plan.of([("call 77", menu.placed(menu.entries[0], lowest(menu)).fault)]),
    )
    covering = Covering(space, Random(0), {there: led})
    plans = [covering.next() for _ in range(60)]
    met = [{str(placed.site) for placed in plan.faults} for plan in plans]

    assert any(str(there) in sites for sites in met)
    assert all((str(there) in sites) == ("call 77" in sites) for sites in met)


def lowest(menu):
    return [low for _, low, _ in menu.numbers]


def test_few_combinations_hold_a_fault_of_a_tool(space):
    """After most of them no recording tells what the model would have said."""
    covering, of_tools = Covering(space, Random(0)), 0
    for _ in range(200):
        plan = covering.next()
        of_tools += any(placed.site.of == "tool" for placed in plan.faults)
        covering.covered(plan)

    assert "tool" in {site.of for site in space.sites}
    assert 5 <= of_tools <= 50
    assert {site.of for site in space.of_replies.sites} == {"call"}


def test_combinations_become_smaller_where_most_die_at_their_first_fault(space, rehearsal):
    retries = space.extended([rehearsal.trial(plan).trace for plan in islice(singles(space, Random(0)), 30)])
    robust, fragile = Covering(retries, Random(0)), Covering(retries, Random(0))
    for _ in range(30):
        robust.covered(robust.next())
        fragile.covered(fragile.next(), died_early=True)

    assert {len(robust.next()) for _ in range(30)} <= {3, 4, 5}
    assert {len(fragile.next()) for _ in range(30)} <= {1, 2}


def test_numbers_are_drawn_inside_of_their_bounds_and_at_both_edges(space):
    for menu in space.menus:
        for bounds in number_fields(menu.cls):
            rng = Random(0)
            drawn = {edge_biased(bounds, rng) for _ in range(200)}

            assert {bounds[1], bounds[2]} <= drawn <= set(range(bounds[1], bounds[2] + 1))


def test_sites_that_faults_created_are_added_behind_those_known(space, rehearsal):
    menu = space.menu("server_error")
    retried = rehearsal.trial(
        next(p for p in singles(space, Random(0)) if p.faults[0].fault.kind == menu.kind)
    )
    grown = space.extended([retried.trace])

    assert [str(site) for site in grown.sites if site not in space.sites] == ["call 0.1"]
    for before in space.menus:
        assert grown.menu(before.kind).entries[: len(before.entries)] == before.entries


def test_the_tail_draws_equal_plans_for_equal_seeds_and_no_more_than_asked(space, rehearsal):
    def drawn(number):
        plans = []

        def run(plan):
            plans.append(plan.to_json())
            return rehearsal.trial(plan)

        draw(space, 12, number, run)
        return plans

    first = drawn(7)

    assert drawn(7) == first
    assert drawn(8) != first
    assert len(first) <= 12


def test_the_tail_ends_where_the_campaign_is_over(space, rehearsal):
    ran = []

    def run(plan):
        if len(ran) == 3:
            return None
        ran.append(rehearsal.trial(plan))
        return ran[-1]

    draw(space, 50, 0, run)

    assert len(ran) == 3
    assert {outcome.verdict for outcome in ran} <= {Verdict.PASS, Verdict.FAIL, Verdict.UNDECIDED}
