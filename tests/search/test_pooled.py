"""Any pool of `concurrent.futures`: the same campaign as in this process, and a task that breaks it is a failure."""

from concurrent.futures import BrokenExecutor, Executor, Future
from functools import partial

import pytest

from agent_chaos.errors import HarnessError, UsageError
from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.search.executors.pool_executor import PoolExecutor
from agent_chaos.search.executors.pool_names import named_pool
from agent_chaos.search.scope import EVERYTHING
from agent_chaos.search.search import find_failures
from tests.search import plain
from tests.search.workers import DEADLY, STUCK, broken, everything

CARELESS = partial(plain.rehearsal, plain.careless)
FINE = Plan.of([("call 1", placed.fault) for placed in DEADLY.faults])


class Here(Executor):
    """A pool that runs what it is given at once."""

    def submit(self, fn, /, bench, task):
        future = Future()
        future.set_result(fn(bench, task))
        return future


class Breaking(Here):
    """A pool that breaks of one plan, and of all that wait behind it, as a pool of processes does."""

    opened = 0

    def __init__(self):
        type(self).opened += 1
        self.broke = False

    def submit(self, fn, /, bench, task):
        self.broke = self.broke or task == DEADLY
        if not self.broke:
            return super().submit(fn, bench, task)
        future = Future()
        future.set_exception(BrokenExecutor("a process ended"))
        return future


class Killed(Exception):
    pass


class Killing(Here):
    """A pool that goes on with the others where a task killed its worker."""

    def submit(self, fn, /, bench, task):
        if task != DEADLY:
            return super().submit(fn, bench, task)
        future = Future()
        future.set_exception(Killed())
        return future


def test_a_pool_finds_what_one_process_does_and_says_the_same():
    pool = PoolExecutor(Here, CARELESS, EVERYTHING)
    one = find_failures(CARELESS(), max_examples=8, seed=5, max_shrink_runs=12)
    other = find_failures(CARELESS(), max_examples=8, seed=5, max_shrink_runs=12, executor=pool)
    pool.close()

    assert one.findings
    assert everything(other) == everything(one)


@pytest.mark.parametrize(
    ("opens", "deadly"), [(Breaking, ()), (Killing, (Killed,))], ids=["breaks", "goes on"]
)
def test_a_plan_that_its_worker_dies_of_is_a_failure_and_the_others_go_on(opens, deadly):
    pool = PoolExecutor(opens, CARELESS, EVERYTHING, deadly=deadly)
    before, died, after = pool.examine([FINE, DEADLY, STUCK])
    pool.close()

    assert died.plan == DEADLY
    assert died.fingerprints == {"lost_process:agent"}
    assert [before.plan, after.plan] == [FINE, STUCK]
    assert {before.verdict, after.verdict} <= {Verdict.PASS, Verdict.FAIL}
    assert not (before.fingerprints | after.fingerprints) & died.fingerprints


def test_a_worker_that_cannot_make_the_agent_is_no_failure_of_it():
    pool = PoolExecutor(Here, broken, EVERYTHING)
    with pytest.raises(HarnessError, match="no such agent"):
        list(pool.examine([FINE]))
    pool.close()


def test_a_pool_is_named_by_the_function_that_opens_it():
    with named_pool("concurrent.futures:ThreadPoolExecutor").opens() as pool:
        assert pool.submit(sum, [1, 2]).result() == 3


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no_such_module:pool", "no module 'no_such_module'"),
        ("concurrent.futures:nothing", "expected dask, dask:ADDRESS, or MODULE:FUNCTION"),
        ("ray", "MODULE:FUNCTION|no module"),
        ("builtins:dict", "expected a concurrent.futures.Executor, got dict"),
    ],
)
def test_a_name_that_leads_to_no_pool_is_told(name, said):
    with pytest.raises(UsageError, match=said):
        named_pool(name).opens()
