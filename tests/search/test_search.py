"""A campaign: the same for the same seed, exact in its budget, and right in what it calls smallest."""

import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agent_chaos.faults.catalogue import kind_of
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.search.corpus.failure_files import Corpus
from agent_chaos.search.search import find_failures
from agent_chaos.search.space import Space, number_fields
from agent_chaos.trial.rehearsal import Rehearsal
from tests.search import plain, shop
from tests.search.shop import Logged
from tests.search.workers import everything
from tests.trials import recorded, scenario

ROOT = Path(__file__).resolve().parents[2]
CLEAN_RUNS = 3


def plans_of(subject):
    return [plan.to_json() for plan in subject.plans]


@pytest.fixture(scope="module")
def searched():
    subject = Logged()
    return subject, find_failures(subject, max_examples=200)


def test_the_same_seed_gives_the_same_plans_and_the_same_campaign():
    subject, again = Logged(), Logged()
    campaign, other = (find_failures(one, max_examples=24) for one in (subject, again))

    assert everything(other) == everything(campaign)
    assert plans_of(again) == plans_of(subject)
    assert campaign.findings


def test_another_seed_gives_other_plans():
    one, other = Logged(), Logged()
    find_failures(one, max_examples=16, seed=0, max_shrink_runs=0)
    find_failures(other, max_examples=16, seed=1, max_shrink_runs=0)

    assert set(plans_of(one)) - set(plans_of(other))
    assert set(plans_of(other)) - set(plans_of(one))


_IN_A_PROCESS = """
import numbers_of_mine
from agent_chaos.search.search import find_failures
from tests.search.plain import Logged
from tests.search.workers import everything
subject = Logged()
print(everything(find_failures(subject, max_examples=16, max_shrink_runs=10)), [plan.to_json() for plan in subject.plans])
"""


def test_another_process_with_another_hash_seed_and_other_modules_gives_the_same_campaign(tmp_path):
    (tmp_path / "numbers_of_mine.py").write_text(f"MINE = {list(range(150, 3_000, 7))}")
    subject = plain.Logged()
    here = f"{everything(find_failures(subject, max_examples=16, max_shrink_runs=10))} {plans_of(subject)}\n"
    done = subprocess.run(
        [sys.executable, "-c", _IN_A_PROCESS],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "12345", "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == here, done.stderr


@pytest.mark.parametrize("max_examples", [1, 10, 19])
def test_the_budget_is_kept_exactly(max_examples):
    subject = Logged()
    figures = find_failures(subject, max_examples=max_examples, max_shrink_runs=5).figures
    ended = figures.ok + figures.failures + figures.undecided + figures.not_tested + figures.errors

    assert figures.examples == ended == max_examples
    assert len(subject.plans) <= max_examples + figures.shrink_runs


def test_the_search_runs_no_plan_twice_and_every_run_is_counted(searched):
    subject, campaign = searched
    done = campaign.figures

    assert len(set(plans_of(subject)[: done.examples])) == done.examples
    assert len(subject.plans) == done.examples + done.shrink_runs


def test_what_came_of_examples_is_counted_once_each(searched):
    _, campaign = searched
    judged, figures = campaign.judged, campaign.figures
    fired = {(kind, place) for kind, place, _ in judged.cells}

    assert judged.verdicts.total() == figures.examples
    assert judged.verdicts[Verdict.FAIL] == figures.failures > 0
    assert {kind for kind, _ in fired} == set(figures.fired)
    assert 0 < judged.everyday.total() <= figures.examples
    assert judged.not_tested.total() == figures.not_tested
    seen = [one.seen_in.bit_count() for one in campaign.findings]
    assert max(seen) > 1
    assert all(examples <= figures.failures for examples in seen)


def test_every_kind_that_has_a_site_is_fired(searched):
    subject, campaign = searched
    kinds = {kind_of(menu.cls) for menu in Space.of(subject.clean).menus}

    assert set(campaign.figures.fired) == kinds
    assert not kinds & set(campaign.figures.no_site)


def test_kinds_without_a_site_are_named():
    campaign = find_failures(Logged(shop.curt), max_examples=5, max_shrink_runs=0)

    assert "max_tokens_in_text" in campaign.figures.no_site
    assert "max_tokens_in_tool_call" not in campaign.figures.no_site


def test_each_failure_is_found_once(searched):
    _, campaign = searched
    found = [finding.failure.fingerprint for finding in campaign.findings]

    assert len(set(found)) == len(found) == campaign.figures.distinct
    assert {"unfinished_tool_call", "silent_truncation", "termination", "unhandled_exception"} <= {
        finding.failure.violation.oracle for finding in campaign.findings
    }


def test_a_finding_shows_a_run_of_its_own_plan(searched):
    _, campaign = searched
    for finding in campaign.findings:
        assert finding.outcome.trace.plan == finding.failure.plan
        assert finding.failure.violation in finding.outcome.violations


def test_what_is_found_fails_and_nothing_smaller_does(searched):
    _, campaign = searched
    fresh = shop.rehearsal()
    for failure in (finding.failure for finding in campaign.findings):
        assert failure.smallest
        assert failure.fingerprint in fresh.trial(failure.plan).fingerprints
        for index in range(len(failure.plan)):
            assert failure.fingerprint not in fresh.trial(failure.plan.without(index)).fingerprints
        for milder in milder_plans(failure.plan):
            assert failure.fingerprint not in fresh.trial(milder).fingerprints


def milder_plans(plan):
    """The plan with one number one less, where the search could have drawn that."""
    for index, placed in enumerate(plan.faults):
        for name, low, _ in number_fields(type(placed.fault)):
            less = getattr(placed.fault, name) - 1
            if less >= low:
                fault = placed.fault.model_copy(update={name: less})
                others = [one for i, one in enumerate(plan.faults) if i != index]
                yield plan.of(
                    (one.site, one.fault) for one in [*others, placed.model_copy(update={"fault": fault})]
                )


def test_a_search_without_time_runs_nothing():
    assert find_failures(Logged(), max_examples=50, max_time_s=0.0).figures.examples == 0


def test_the_time_limit_ends_the_search_before_its_budget_and_what_was_found_is_made_small(monkeypatch):
    # A second passes whenever somebody looks: how much a machine gets done in real time is a matter of chance.
    monkeypatch.setattr("agent_chaos.search.checkpoints.stopwatch.perf_counter", itertools.count().__next__)
    campaign = find_failures(Logged(), max_examples=100_000, max_time_s=60)

    assert 0 < campaign.figures.examples < 100
    assert campaign.findings
    assert all(finding.failure.smallest for finding in campaign.findings)


def test_a_scenario_without_any_request_has_nothing_to_search():
    silent = scenario(lambda ctx, text: "nothing to ask")
    campaign = find_failures(Rehearsal(silent, cassette=recorded(silent, [])), max_examples=10)

    assert campaign.figures.examples == 0
    assert campaign.findings == ()


def interrupted(phase, *, after, corpus=None):
    """A campaign that gets a real SIGINT in that phase."""

    def listener(progress):
        if progress.phase == phase and progress.done == after:
            signal.raise_signal(signal.SIGINT)

    return find_failures(Logged(), max_examples=100, listener=listener, corpus=corpus)


def test_ctrl_c_in_the_search_ends_it_at_once_with_all_that_was_found():
    campaign = interrupted("search", after=20)

    assert campaign.interrupted
    assert campaign.figures.examples == 20
    assert campaign.findings
    assert campaign.figures.shrink_runs <= len(campaign.findings)  # one run shows each, where there is time
    assert not any(finding.failure.smallest for finding in campaign.findings)


def pressed_in(agent, *, run):
    """The agent, in whose run of that number Ctrl-C is pressed, counted from 1."""
    runs = itertools.count(1)

    def sync(ctx, text):
        if next(runs) == run:
            signal.raise_signal(signal.SIGINT)
        return agent(ctx, text)

    async def awaited(ctx, text):
        return sync(ctx, text)

    def swallowing(ctx, text):
        try:
            return sync(ctx, text)
        except BaseException:
            return "never mind"

    def wrapping(ctx, text):
        try:
            return sync(ctx, text)
        except BaseException as exc:
            raise RuntimeError("something went wrong") from exc

    def never_ending(ctx, text):
        try:
            return sync(ctx, text)
        except KeyboardInterrupt:  # not what a fault raises, or a run that left its recording
            while True:
                pass

    styles = (sync, awaited, swallowing, wrapping, never_ending)
    return {style.__name__: style for style in styles}


@pytest.mark.parametrize("style", ["sync", "awaited", "swallowing", "wrapping", "never_ending"])
def test_ctrl_c_inside_of_the_agent_ends_the_search_and_is_no_failure_of_the_agent(style):
    subject = Logged(pressed_in(shop.careless, run=20)[style])
    campaign = find_failures(subject, max_examples=100)

    assert campaign.interrupted
    assert campaign.figures.examples == 20 - 1 - CLEAN_RUNS
    assert campaign.findings
    assert campaign.figures.shrink_runs <= len(campaign.findings)  # one run shows each, where there is time
    assert not any("KeyboardInterrupt" in finding.failure.fingerprint for finding in campaign.findings)


def test_ctrl_c_that_is_lost_in_a_finaliser_ends_the_search_at_the_next_example(monkeypatch):
    lost = []
    monkeypatch.setattr(sys, "unraisablehook", lost.append)

    class Connection:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)

    def listener(progress):
        if progress.done == 5:
            Connection()

    campaign = find_failures(Logged(), max_examples=100, listener=listener)

    assert [one.exc_type for one in lost] == [KeyboardInterrupt]
    assert campaign.interrupted
    assert campaign.figures.examples == 5


def test_after_ctrl_c_what_takes_long_is_told_without_running_it_again(monkeypatch):
    monkeypatch.setattr("agent_chaos.search.as_met._PATIENCE_S", 0.0)
    campaign = interrupted("search", after=20)

    assert campaign.findings
    assert campaign.figures.shrink_runs == 0
    assert all(finding.outcome.errors == (finding.failure.violation,) for finding in campaign.findings)


def test_ctrl_c_while_shrinking_keeps_what_was_found(tmp_path):
    campaign = interrupted("shrink", after=2, corpus=Corpus(tmp_path))

    assert campaign.interrupted
    assert campaign.figures.failures
    assert {one.failure.smallest for one in campaign.findings} == {True, False}
    assert len(Corpus(tmp_path).load_all()) == len(campaign.findings)


def test_a_failure_that_never_comes_back_is_told_and_is_no_finding():
    failed = []

    def moody(ctx, text):
        """Crashes under the first fault it ever meets, and never again."""
        try:
            return shop.careful(ctx, text, max_retries=0)
        except Exception:
            if not failed:
                failed.append(True)
                return failed[1]
            raise shop.Unavailable from None

    campaign = find_failures(Logged(moody), max_examples=30)
    (once,) = campaign.left_over

    assert "IndexError" in once.violation.fingerprint
    assert once.examples == 1
