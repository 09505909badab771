"""Several processes: the same campaign as in one, and a process that dies or hangs costs its plan alone."""

from functools import partial

import pytest

from agent_chaos.errors import HarnessError
from agent_chaos.faults.plan import Plan
from agent_chaos.faults.transport.server_errors import ServerError
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.search.executors.processes import Processes
from agent_chaos.search.scope import EVERYTHING
from agent_chaos.search.search import find_failures
from tests.search import plain
from tests.search.workers import DEADLY, STUCK, broken, deadly, everything


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
    made = partial(plain.rehearsal, plain.careless)
    one = find_failures(made(), max_examples=10, seed=5, max_shrink_runs=12)
    other = find_failures(made(), max_examples=10, seed=5, max_shrink_runs=12, executor=two(made))

    assert one.findings
    assert everything(other) == everything(one)


def test_a_process_that_dies_or_hangs_is_a_failure_with_its_plan_and_the_others_go_on(two):
    sound = [Plan.of([(f"call {call}", ServerError())]) for call in (1, 2)]
    # Two first, so that both processes are ready, and have a task behind the one that they die or hang in.
    plans = [*sound, DEADLY, STUCK, *sound]
    *before, died, stuck, fine, last = two(deadly, hangs_after_s=5.0).examine(plans)

    assert [one.plan for one in (*before, died, stuck, fine, last)] == plans
    assert died.fingerprints == stuck.fingerprints == {"lost_process:agent"}
    assert "was ended by SIGKILL" in died.reason
    assert {one.verdict for one in (*before, fine, last)} <= {Verdict.PASS, Verdict.NOT_TESTED}


def test_a_process_that_cannot_start_is_no_failure_of_the_agent(two):
    with pytest.raises(HarnessError, match="no such agent"):
        list(two(broken).examine([DEADLY]))
