"""The figures in words; the summary line has one form for ever."""

import re

from agent_chaos.report.build_record import campaign_record
from agent_chaos.report.contents import figures
from agent_chaos.search.campaign import Figures
from tests.report.refund_campaign import FIGURES, campaign


def test_the_summary_line_has_its_exact_form() -> None:
    line = figures.examples_summary(FIGURES, (), findings=1)

    assert line == (
        "200 examples: 171 ok, 3 failed, 19 undecided, 7 not tested; 1 finding, 2 ways to fail; tools run for real: none"
    )


def test_the_counts_of_the_summary_add_up() -> None:
    counted, _, _ = figures.examples_summary(FIGURES, (), findings=1).partition(";")
    examples, *parts = [int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d", counted)]

    assert examples == sum(parts)


def test_harness_errors_and_real_tools_are_never_hidden() -> None:
    line = figures.examples_summary(
        Figures(examples=3, ok=1, errors=2), ["charge", "send\x1b[2J"], findings=0
    )

    assert line == (
        "3 examples: 1 ok, 0 failed, 0 undecided, 0 not tested, 2 harness errors; 0 findings; "
        "tools run for real: charge, send\\x1b[2J"
    )


def test_the_total_adds_up_scenarios() -> None:
    line = figures.total(
        [campaign_record(campaign()), campaign_record(campaign(tools_run_for_real=("pay",)))]
    )

    assert line == (
        "400 examples: 342 ok, 6 failed, 38 undecided, 14 not tested; 2 findings, 4 ways to fail; tools run for real: pay"
    )


def test_the_space_covered_is_told_in_singles_and_pairs() -> None:
    assert figures.space(FIGURES) == "single faults 58 of 62, pairs 310 of 1,830"
    assert figures.no_site(FIGURES) == "slow stream, tool error"


def test_runs_that_are_not_examples_are_counted_apart() -> None:
    assert figures.other_runs(FIGURES) == "3 without faults, 1 of stored failures, 41 to make failures small"
    assert figures.other_runs(Figures(clean_runs=3)) == "3 without faults"


def test_a_search_that_judged_nothing_says_so() -> None:
    nothing = campaign(findings=(), figures=Figures(examples=7, undecided=5, not_tested=2))
    something = campaign(findings=(), figures=Figures(examples=7, ok=1, undecided=6))

    assert figures.conclusion(nothing) == (
        "nothing could be judged: every example left the recording, or no fault of it fired"
    )
    assert figures.conclusion(something) == ""
