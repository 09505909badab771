"""The usual search: several faults from the first example on, steered by what the agent survived and what was new."""

from dataclasses import replace
from random import Random

import pytest

from agent_chaos.faults.family import Frequency
from agent_chaos.faults.plan import Plan, Site
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.search.digests import Pairs
from agent_chaos.search.example import Example, Reached, Struck
from agent_chaos.search.judgements import Judged
from agent_chaos.search.numbers import FieldNumbers, Limits, nth, spread_below
from agent_chaos.search.space import Space, variant_of
from agent_chaos.search.strategies.combining import Combiner
from agent_chaos.search.strategies.group_testing import GroupTesting
from agent_chaos.search.strategies.knowledge import Knowledge, rows_of
from agent_chaos.search.strategies.offers import Offers
from tests.search import shop


@pytest.fixture(scope="module")
def space():
    return Space.of(shop.rehearsal(shop.careful).clean)


def example(plan, *, survived=True, shape="", failed=False):
    """How a run went in which every fault fired, and made the agent ask again."""
    struck = tuple(Struck(placed.site, placed.fault, survived) for placed in plan.faults)
    again = (one.site.model_copy(update={"serving": one.site.serving + 1}) for one in struck)
    reached = tuple(Reached(site, plan) for site in again)
    verdict = Verdict.FAIL if failed else Verdict.PASS
    judged = Judged(frozenset(), verdict, "", "same")
    return Example(plan, verdict, (), "", struck, reached, shape or str(plan), 1.0, len(plan), judged)


def asked(search, examples, **ended):
    plans = []
    while len(plans) < examples:
        batch = search.ask(8)
        for plan in batch:
            search.tell(example(plan, **ended))
        plans += batch
    search.close()
    return plans


def test_equal_seeds_and_results_give_equal_plans_and_no_plan_comes_twice(space):
    one, other = asked(GroupTesting(space, 3), 64), asked(GroupTesting(space, 3), 64)

    assert [plan.to_json() for plan in one] == [plan.to_json() for plan in other]
    assert len({plan.key for plan in one}) == len(one)
    assert [plan.key for plan in asked(GroupTesting(space, 4), 64)] != [plan.key for plan in one]


def test_several_faults_stand_in_a_plan_from_the_first_batch_on(space):
    sizes = [len(plan) for plan in asked(GroupTesting(space, 0), 16)]

    assert 1 in sizes
    assert sum(size > 1 for size in sizes) >= 4


def test_a_call_can_fail_three_times_in_a_row(space):
    plans = asked(GroupTesting(space, 0), 60)
    rows = [{placed.site.serving for placed in plan.faults if placed.site.index == 0} for plan in plans]

    assert any({0, 1, 2} <= row for row in rows)


def test_where_runs_die_plans_hold_fewer_faults_than_where_they_go_on(space):
    sturdy = asked(GroupTesting(space, 0), 80, survived=True)[40:]
    fragile = asked(GroupTesting(space, 0), 80, survived=False)[40:]

    assert sum(map(len, fragile)) < 0.8 * sum(map(len, sturdy))


def test_every_kind_is_tried_the_usual_ones_of_each_family_first(space):
    combiner = Combiner(space, Knowledge(), Random(0))
    first = [combiner.probed([])[0][0] for _ in space.families]

    assert len({menu.cls.family for menu in first}) == len(first)
    for menu in first:
        met = [other.cls.frequency for other in space.families[menu.cls.family]]
        assert menu.cls.frequency == min(met)
    assert {menu.cls.frequency for menu in first} >= {Frequency.EVERYDAY}


def test_families_come_by_their_priority_and_of_equal_ones_the_milder_first(space):
    combiner = Combiner(space, Knowledge(), Random(0))
    first = [combiner.probed([])[0][0].cls.family for _ in space.families]

    assert len({family.priority for family in first}) < len(first)
    assert first == sorted(space.families, key=lambda family: (family.priority, family.mildness))


def test_what_would_take_the_place_of_another_at_a_tool_is_tried_in_the_next_plan(space):
    at = Site.parse("tool 0")
    menus = [
        replace(menu, entries=tuple(one for one in menu.entries if one.site == at)) for menu in space.menus
    ]
    of_tool = replace(space, menus=tuple(menu for menu in menus if menu.entries))
    knowledge = Knowledge()
    knowledge.fired.update(menu.kind for menu in of_tool.menus)
    combiner, one_by_one = Combiner(of_tool, knowledge, Random(0)), Combiner(of_tool, knowledge, Random(0))

    tried = [combiner.probed([], 3) for _ in range(4)]

    assert tried == [one_by_one.probed([]) for _ in range(4)]
    assert len({candidate.variant for ((_, candidate),) in tried}) == 4


def test_every_word_that_a_fault_can_be_told_by_is_tried_within_a_usual_search(space):
    """One of `shared_index` breaks clients that stand the other: a kind is not tried as long as one of its variants is not."""
    variants = {entry.variant for menu in space.menus for entry in menu.entries}
    drawn = {
        variant_of(placed.fault) for plan in asked(GroupTesting(space, 0), 200) for placed in plan.faults
    }

    assert len(variants) > len({kind for kind, _ in variants}) > 50
    assert drawn == variants


def test_of_some_drawn_plans_the_one_with_most_new_places_is_taken(space):
    knowledge = Knowledge()
    combiner = Combiner(space, knowledge, Random(0))
    drawn = iter(combiner.through() for _ in range(6))
    seen = []

    def draw():
        seen.append(next(drawn))
        return seen[-1]

    best = combiner.best(draw)
    news = [len({(menu.cls.family.name, str(one.site)) for menu, one in choices}) for choices in seen]

    assert len(seen) > 1
    assert len(set(news)) > 1
    assert len({(menu.cls.family.name, str(one.site)) for menu, one in best}) == max(news)


def test_knowledge_holds_what_was_met_and_what_led_to_a_retry(space):
    menu = space.menu("server_error")
    entry = menu.entries[0]
    plan = Plan.of([(entry.site, menu.fault(entry, ()))])
    knowledge = Knowledge()
    before = knowledge.survival("server_error")
    taught = knowledge.learn(example(plan, survived=False, failed=True))

    assert knowledge.survival("server_error") < before
    assert taught > knowledge.learn(example(plan, survived=False, failed=True)) == 0
    assert knowledge.leading == {Site.parse(f"{entry.site}.1"): plan}


def frequencies(by_family):
    return {offer.menu.cls.frequency for offers in by_family.values() for offer in offers}


def test_what_stands_before_others_is_of_everyday_faults_where_those_are_wanted_and_else_of_any(space):
    offers, site = Offers(space, Knowledge(), Random(0)), space.sites[0]
    of_any = frequencies(offers.surely(site, repeating=False))
    offers.usual = True
    drawn = {offers.any_at(site)[0].cls.frequency for _ in range(200)}

    assert of_any > {Frequency.EVERYDAY} == frequencies(offers.surely(site, repeating=False))
    assert drawn > {Frequency.EVERYDAY}


def test_pairs_stand_at_distinct_sites_and_rows_at_one_call():
    places = {("server", "call 0"), ("rate_limit", "call 0.1"), ("server", "call 2")}

    pairs = Pairs()

    assert pairs.new(places) == 3
    pairs.add(places)
    assert (pairs.new(places), len(pairs)) == (0, 3)
    assert pairs.new({("cut", "call 0"), ("server", "call 2"), ("late", "call 3")}) == 3
    assert pairs.new({("cut", "call 0"), ("server", "call 0")}) == 0
    assert rows_of(places) == {("server", "rate_limit")}


def test_numbers_are_both_edges_first_and_then_spread_over_their_whole_range():
    values = [nth(("seconds", 1, 120), number) for number in range(60)]

    assert values[:2] == [1, 120]
    assert all(1 <= value <= 120 for value in values)
    assert any(20 <= value <= 24 for value in values)
    assert sum(value <= 12 for value in values) > 15
    assert spread_below(1, 5, 10) == [2, 3, 4]
    assert len(spread_below(1, 1_000, 10)) <= 10


def test_a_fault_of_a_tool_stands_where_it_is_met_whatever_strikes_the_tool_before(space):
    """No tool is asked again."""
    plans = asked(GroupTesting(space, 0), 120)
    of_tools = [placed.site for plan in plans for placed in plan.faults if placed.site.of == "tool"]

    assert len(of_tools) > 20
    assert {site.serving for site in of_tools} == {0}


def test_a_kind_that_was_not_met_behind_others_comes_alone(space):
    combiner = Combiner(space, Knowledge(), Random(0))
    kinds = len(space.menus)
    behind = [combiner.probed(combiner.through() or combiner.storm()) for _ in range(kinds)]
    again = [combiner.probed(combiner.through()) for _ in range(5)]

    assert max(map(len, behind)) > 1
    assert [len(choices) for choices in again] == [1] * 5


def test_what_takes_long_is_combined_with_its_like(space):
    combiner = Combiner(space, Knowledge(), Random(0))
    kinds = {menu.kind for _ in range(20) for menu, _ in combiner.waits()}

    assert {"rate_limit", "slow_first_byte", "tool_slow"} <= kinds
    assert "server_error" not in kinds


def test_a_limit_of_the_agent_is_closed_in_on_and_great_numbers_stay_below_it():
    bounds = ("seconds", 1, 120)
    limits = Limits()
    numbers = FieldNumbers(limits)
    drawn = []
    for number in range(40):
        (value,) = numbers.values("slow_first_byte", (bounds,), great=number > 10)
        limits.learn("slow_first_byte", "seconds", value, noticed=value >= 30)
        drawn.append(value)

    assert all(12 <= value < 30 for value in drawn[-20:])
    assert max(drawn[-20:]) >= 27
    passed, noticed = limits.of("slow_first_byte", "seconds")
    assert passed < 30 <= noticed <= passed + 1 + passed // 8


def test_a_space_of_one_fault_at_a_time_is_searched_with_plans_of_one(space):
    single = Space.of(shop.rehearsal(shop.careful).clean, replace(space.scope, size=(1, 1)))

    assert {len(plan) for plan in asked(GroupTesting(single, 3), 16)} == {1}
