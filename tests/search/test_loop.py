"""The loop ends where nothing more is learnt, at the same example for any number of workers."""

from dataclasses import replace

import pytest

from agent_chaos.faults.plan import Plan
from agent_chaos.faults.transport.truncate import Truncate
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.search.campaign_state import CampaignState
from agent_chaos.search.example import Example
from agent_chaos.search.judgements import Judged
from agent_chaos.search.loop import batch, drive
from agent_chaos.search.strategies.exhaustive import KnownPlans

PLANS = [Plan.of([("call 0", Truncate(boundary="mid_body", offset=n))]) for n in range(100)]


class Answers:
    """An executor whose runs go another way until `new` of them ran."""

    def __init__(self, new):
        self.new = new
        self.ran = 0

    def examine(self, plans):
        for plan in plans:
            self.ran += 1
            shape = str(min(self.ran, self.new))
            judged = Judged(frozenset(), Verdict.PASS, "", "same")
            yield Example(plan, Verdict.PASS, (), "", (), (), shape, 0.0, 1, judged)


@pytest.mark.parametrize(("new", "stale_after", "ran"), [(1, 10, 16), (20, 10, 32), (1, None, 100)])
def test_a_search_ends_with_the_batch_after_so_many_examples_showed_nothing_new(new, stale_after, ran):
    answers = Answers(new)
    run = CampaignState(None, answers, 100, None, lambda progress: None)
    drive(run, KnownPlans(iter(PLANS)), 100, stale_after)

    assert answers.ran == run.examples == ran


def test_more_plans_are_asked_for_at_once_the_more_is_known():
    asked, examples = [], 0
    while examples < 20_000:
        asked.append(batch(examples))
        examples += asked[-1]

    assert asked == sorted(asked)
    assert (asked[0], asked[25], asked[-1]) == (8, 8, 256)


class Undecided(Answers):
    """An executor whose runs leave the recording at one place, whatever was asked there."""

    def examine(self, plans):
        for one in super().examine(plans):
            yield replace(
                one, verdict=Verdict.UNDECIDED, reason=f"call 1: no exchange: asked {len(one.plan)}"
            )


def test_of_examples_that_leave_the_recording_at_one_place_the_one_with_the_fewest_faults_is_kept():
    fault = PLANS[0].faults[0].fault
    plans = [Plan.of((f"call {call}", fault) for call in range(many)) for many in (3, 1, 2)]
    run = CampaignState(None, Undecided(9), 3, None, lambda progress: None)
    drive(run, KnownPlans(iter(plans)), 3, None)

    assert run.open == {"call 1: no exchange": plans[1]}
