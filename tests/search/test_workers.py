"""Several processes: the same campaign as in one, and a process that dies or hangs costs its plan alone."""

import os
import signal
import time
from functools import partial

import pytest

from agent_chaos.errors import HarnessError
from agent_chaos.faults.plan import Plan
from agent_chaos.faults.transport.server_errors import Overloaded, ServerError
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.search.executors.processes import Processes
from agent_chaos.search.scope import EVERYTHING
from agent_chaos.search.search import find_failures
from agent_chaos.trial.rehearsal import Rehearsal
from tests.search import shop
from tests.search.test_search import everything

DEADLY = Plan.of([("call 0", ServerError())])
STUCK = Plan.of([("call 0", Overloaded())])


class Deadly(Rehearsal):
    """The shop, in a process that some plans kill or stop."""

    def trial(self, plan):
        if plan == DEADLY:
            os.kill(os.getpid(), signal.SIGKILL)
        if plan == STUCK:
            time.sleep(60)
        return super().trial(plan)


def deadly():
    subject = Deadly(shop.scenario(shop.careless), cassette=shop.cassette())
    subject.prepare()
    return subject


def broken():
    raise RuntimeError("no such agent")


@pytest.fixture
def two():
    made = []

    def start(made_by, **options):
        made.append(Processes(made_by, EVERYTHING, 2, **options))
        return made[-1]

    yield start
    for one in made:
        one.close()


def test_two_processes_find_what_one_does_and_say_the_same(two):
    made = partial(shop.rehearsal, shop.careless)
    one = find_failures(made(), max_examples=24, seed=5)
    other = find_failures(made(), max_examples=24, seed=5, executor=two(made))

    assert one.findings
    assert everything(other) == everything(one)


def test_a_process_that_dies_or_hangs_is_a_failure_with_its_plan_and_the_others_go_on(two):
    plans = [DEADLY, Plan.of([("call 1", ServerError())]), STUCK]
    died, fine, stuck = two(deadly, hangs_after_s=5.0).examine(plans)

    assert [died.plan, stuck.plan] == [DEADLY, STUCK]
    assert died.fingerprints == stuck.fingerprints == {"lost_process:agent"}
    assert "was ended by SIGKILL" in died.reason
    assert fine.verdict is Verdict.PASS


def test_a_process_that_cannot_start_is_no_failure_of_the_agent(two):
    with pytest.raises(HarnessError, match="no such agent"):
        list(two(broken).examine([DEADLY]))
