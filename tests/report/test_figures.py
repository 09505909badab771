"""The figures in words; the summary line has one form for ever."""

from agent_chaos.report import figures
from agent_chaos.search.campaign import Figures
from tests.report.refund_campaign import FIGURES, campaign


def test_the_summary_line_has_its_exact_form() -> None:
    line = figures.summary(FIGURES, ())

    assert line == (
        "200 examples: 171 ok, 3 failures (2 distinct), 19 undecided, 7 not tested; tools run for real: none"
    )


def test_harness_errors_and_real_tools_are_never_hidden() -> None:
    line = figures.summary(Figures(examples=3, ok=1, errors=2), ["charge", "send\x1b[2J"])

    assert line == (
        "3 examples: 1 ok, 0 failures (0 distinct), 0 undecided, 0 not tested, 2 harness errors; "
        "tools run for real: charge, send\\x1b[2J"
    )


def test_the_total_adds_up_scenarios() -> None:
    line = figures.total([campaign(), campaign(tools_run_for_real=("pay",))])

    assert line == (
        "400 examples: 342 ok, 6 failures (4 distinct), 38 undecided, 14 not tested; tools run for real: pay"
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
