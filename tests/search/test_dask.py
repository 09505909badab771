"""A Dask cluster: nothing is lost with a worker, and the campaign is that of one process."""

from __future__ import annotations

import os
import signal
from functools import partial

import pytest

from agent_chaos.search.executors.pool_executor import PoolExecutor
from agent_chaos.search.executors.pool_names import named_pool
from agent_chaos.search.scope import EVERYTHING
from agent_chaos.search.search import find_failures
from tests.search import shop
from tests.search.workers import everything

distributed = pytest.importorskip("distributed")
CARELESS = partial(shop.rehearsal, shop.careless)
CHOSEN = {"max_examples": 16, "seed": 5}


@pytest.fixture
def cluster():
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        yield cluster


def test_a_worker_that_is_killed_on_the_way_costs_nothing(cluster):
    with distributed.Client(cluster) as client:
        processes = client.run(os.getpid)

    def listener(progress):
        if progress.phase == "search" and progress.done == 5:
            os.kill(min(processes.values()), signal.SIGKILL)

    pool = named_pool(f"dask:{cluster.scheduler_address}")
    executor = PoolExecutor(pool.opens, CARELESS, EVERYTHING, deadly=pool.deadly)
    campaign = find_failures(CARELESS(), **CHOSEN, executor=executor, listener=listener)
    executor.close()

    assert len(processes) == 2
    assert campaign.findings
    assert everything(campaign) == everything(find_failures(CARELESS(), **CHOSEN))
