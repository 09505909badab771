"""The loop ends where nothing more is learnt, at the same example for any number of workers."""

import pytest

from agent_chaos.faults.plan import Plan
from agent_chaos.faults.transport.truncate import Truncate
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.search.campaign import Judged
from agent_chaos.search.campaign_state import CampaignState
from agent_chaos.search.example import Example
from agent_chaos.search.exhaustive import KnownPlans
from agent_chaos.search.loop import batch, drive

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
