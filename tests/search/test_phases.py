"""Every single fault: what a search left out and then ran, and all of them one after the other."""

from dataclasses import replace

import anthropic
import pytest

from agent_chaos.report.contents import figures
from agent_chaos.search.scope import EVERYTHING
from agent_chaos.search.search import find_failures
from agent_chaos.search.selection import scoped
from agent_chaos.search.space import Space
from agent_chaos.search.strategies.exhaustive import edges
from tests.search import shop
from tests.search.shop import Logged
from tests.spoken import spoken
from tests.standin.said import Said
from tests.trials import recorded, scenario


@pytest.fixture(scope="module")
def covered():
    subject = Logged(shop.careful)
    scope = scoped(only=["server", "truncation", "rate_limit", "pace", "wrong_content_type"])
    return subject, find_failures(subject, max_examples=20, until_covered=True, scope=scope)


def test_a_search_goes_on_until_every_single_fault_was_run(covered):
    _, campaign = covered
    done = campaign.figures

    assert done.examples > 20
    assert done.singles_run == done.singles_total > 30
    assert figures.not_run(done) == ""


def test_retries_are_reached_through_what_causes_them(covered):
    subject, campaign = covered
    at_retries = [
        plan
        for plan in subject.plans
        if any(placed.site.serving for placed in plan.faults) and len(plan) == 2
    ]

    assert at_retries
    assert campaign.figures.singles_covered == campaign.figures.singles_total


def test_the_time_ends_it_and_what_was_not_run_is_told():
    campaign = find_failures(Logged(), max_examples=20, max_time_s=0.0, until_covered=True)

    assert campaign.figures.singles_run == 0
    assert (
        figures.not_run(campaign.figures)
        == f"{campaign.figures.singles_total} single faults, the time was up"
    )


def test_every_kind_of_fault_says_what_was_covered_or_why_not(covered):
    _, campaign = covered
    rows = {row.kind: row for row in campaign.coverage}

    assert rows["truncate"].sites == rows["truncate"].run == rows["truncate"].fired > 0
    assert rows["truncate"].why == ""
    assert rows["wrong_content_type"].sites == 0
    assert rows["wrong_content_type"].why == "no reply has what it changes"
    assert all(row.why == "" for row in rows.values() if row.fired)
    assert all(row.why for row in rows.values() if not row.examples)


def test_what_a_selection_leaves_out_and_what_was_not_run_is_told_apart():
    campaign = find_failures(
        Logged(), max_examples=1, max_shrink_runs=0, scope=scoped(only=["truncate", "server"])
    )
    why = {row.kind: row.why for row in campaign.coverage}

    assert why["rate_limit"] == "left out by the selection"
    assert "not run: the search was over before" in {why["overloaded"], why["truncate"]}


def whole_replies(ctx, text):
    """Asks once, without a stream, and gives up politely."""
    client = anthropic.Anthropic(max_retries=0)
    try:
        return client.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": text}])
    except anthropic.APIError:
        return "Not today."


def test_faults_of_streams_and_tools_say_what_is_missing():
    one = scenario(whole_replies)
    kept = recorded(one, [spoken("anthropic_messages", Said("An answer of words."), stream=False)])
    campaign = find_failures(shop.Rehearsal(one, cassette=kept), max_examples=1, max_shrink_runs=0)
    why = {row.kind: row.why for row in campaign.coverage}

    assert why["error_event"] == "no reply is streamed"
    assert why["malformed_arguments"] == "no reply asks for a tool"


def single_edges(subject):
    """How many runs there are: each opening at each site, at both edges of each of its numbers."""
    total = 0
    for menu in Space.of(subject.clean).menus:
        corners = 1
        for _, low, high in menu.numbers:
            corners *= 2 if high > low else 1
        total += corners * len(menu.entries)
    return total


def test_an_agent_that_survives_every_single_fault_is_said_to_with_both_figures():
    subject = Logged(shop.careful)
    scope = scoped(only=["server", "rate_limit", "truncation", "noise"])
    campaign = find_failures(subject, exhaustive=True, max_examples=1, scope=scope)
    done = campaign.figures

    assert not campaign.findings
    assert {plan.to_json() for plan in subject.plans} == {
        plan.to_json() for plan in edges(Space.of(subject.clean, scope))
    }
    assert done.examples == done.exhaustive == len(subject.plans)
    assert done.singles_covered == done.singles_total
    assert figures.conclusion(campaign) == (
        f"none of the chosen faults breaks this agent ({done.examples} runs, {done.undecided} undecided"
        + (f", {done.not_tested} not tested)" if done.not_tested else ")")
    )


def test_every_single_fault_has_a_plan_at_every_edge_and_none_with_another():
    subject = Logged(shop.careful)
    planned = edges(Space.of(subject.clean))
    stalls = [one.fault.seconds for plan in planned for one in plan.faults if one.fault.kind == "stall"]

    assert len({plan.to_json() for plan in planned}) == len(planned) == single_edges(subject)
    assert {len(plan) for plan in planned} == {1}
    assert set(stalls) == {10, 900}


def test_nothing_is_claimed_where_a_single_fault_breaks_the_agent_or_the_time_is_up():
    broken = find_failures(Logged(), exhaustive=True, scope=scoped(only=["truncate"]))
    late = find_failures(Logged(shop.careful), exhaustive=True, max_time_s=0.0)

    assert broken.findings
    assert figures.conclusion(broken) == ""
    assert figures.conclusion(late) == (
        f"stopped after 0 of {late.figures.exhaustive} single faults; nothing is shown by that"
    )
    assert figures.conclusion(replace(late, figures=late.figures.model_copy(update={"exhaustive": 0}))) == ""


def test_a_search_without_any_of_it_is_what_it_was():
    plain, named = Logged(), Logged()
    one = find_failures(plain, max_examples=16, max_shrink_runs=0)
    other = find_failures(named, max_examples=16, max_shrink_runs=0, scope=EVERYTHING.less(()))

    assert [plan.to_json() for plan in plain.plans] == [plan.to_json() for plan in named.plans]
    assert one.figures.exhaustive == other.figures.exhaustive == 0
