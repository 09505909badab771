"""A thread pool that an agent's module keeps serves every run, each with workers of its own."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.trials import nothing_recorded, scenario, trial


def working(pool):
    """An agent whose answer is the virtual seconds that a job of the pool took."""

    def job():
        began = time.monotonic()
        time.sleep(5)
        return time.monotonic() - began

    return lambda ctx, text: f"{pool.submit(job).result():g} s"


def test_a_pool_of_a_module_serves_one_run_after_the_other_in_virtual_time():
    pool = ThreadPoolExecutor(2)
    runs = [trial(scenario(working(pool)), nothing_recorded()) for _ in range(3)]
    pool.shutdown()

    assert [run.answers[0].text for run in runs] == ["5 s"] * 3
    assert [run.virtual_s for run in runs] == [5.0] * 3


def test_a_pool_that_was_shut_down_in_a_run_takes_no_jobs_in_the_next():
    pool = ThreadPoolExecutor(1)

    def agent(ctx, text):
        said = working(pool)(ctx, text)
        pool.shutdown()
        return said

    first, second = (trial(scenario(agent), nothing_recorded()) for _ in range(2))

    assert first.answers[0].text == "5 s"
    assert "cannot schedule new futures after shutdown" in second.raised[0].message
    with pytest.raises(RuntimeError):
        pool.submit(print)
