"""Time never runs backwards for what an agent keeps from run to run, and each run is the same all the same."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from agent_chaos.patch.install import offline_environment, release
from agent_chaos.runtime import process_time
from agent_chaos.runtime.clock import BETWEEN_RUNS_S, PROCESS_START_S, VirtualClock
from agent_chaos.scenario.loader import load_scenario
from tests.trials import START, assert_equal_traces, nothing_recorded, recorded, scenario, trial


def traces_of(agent, runs=4):
    one = scenario(agent)
    cassette = nothing_recorded()
    return [trial(one, cassette) for _ in range(runs)]


@pytest.fixture
def many_runs_before():
    """As after 65,000 runs of a process, where readings of its clock lie half as densely."""
    before = process_time.latest()
    process_time.begins(VirtualClock(0.0, monotonic_start_s=2 * PROCESS_START_S))
    yield
    process_time.begins(before)


@pytest.mark.parametrize("kept", [False, True], ids=["a loop of the run", "a loop that was made before"])
def test_timers_end_at_their_time_however_many_runs_were_before(many_runs_before, kept):
    made = asyncio.new_event_loop()

    async def waits():
        for _ in range(10):
            await asyncio.sleep(0.1)

    def agent(ctx, text):
        loop = made if kept else asyncio.new_event_loop()
        loop.run_until_complete(waits())
        if not kept:
            loop.close()
        return text

    traces = traces_of(agent, runs=2)
    made.close()

    assert [one.virtual_s for one in traces] == pytest.approx([1, 1], abs=1e-4)


def test_monotonic_time_goes_on_from_run_to_run_and_its_differences_are_equal():
    seen = []

    def agent(ctx, text):
        began = time.monotonic()
        time.sleep(0.1)
        seen.append((began, time.monotonic(), time.monotonic_ns(), time.perf_counter()))
        return repr(seen[-1][1] - began)

    traces = traces_of(agent)

    assert_equal_traces(traces)
    for (_, ended, ended_ns, _), (began, *_) in pairwise(seen):
        assert began - ended >= BETWEEN_RUNS_S
        assert began * 1e9 > ended_ns
    assert seen[0][1] == seen[0][3]


class Spaced:
    """Lets one second pass between two uses."""

    def __init__(self, clock):
        self.clock = clock
        self.last = clock()

    def wait(self):
        left = 1.0 - (self.clock() - self.last)
        if left > 0:
            time.sleep(left)
        self.last = self.clock()


@dataclass(slots=True)
class Bucket:
    """A token every two seconds."""

    at: float = 0.0
    tokens: float = 1.0

    def wait(self):
        now = time.time()
        self.tokens, self.at = min(1.0, self.tokens + (now - self.at) / 2), now
        if self.tokens < 1:
            time.sleep(2 * (1 - self.tokens))
            self.at, self.tokens = time.time(), 1.0
        self.tokens -= 1


class Window:
    """Three uses in ten seconds."""

    def __init__(self):
        self.used = deque()

    def wait(self):
        while self.used and self.used[0][1] <= datetime.now(UTC) - timedelta(seconds=10):
            self.used.popleft()
        if len(self.used) == 3:
            raise RuntimeError("used up")
        self.used.append(("use", datetime.now(UTC)))


class Cache:
    """Remembers for a minute."""

    def __init__(self):
        self.entries = {}

    def wait(self):
        if time.time() < self.entries.get("price", 0.0):
            return
        time.sleep(3.25)
        self.entries["price"] = time.time() + 60


LIMITERS = {}


def waits_twice(ctx, text):
    for _ in range(2):
        LIMITERS["this"].wait()
    return "done"


@pytest.mark.parametrize(
    ("limiter", "seconds"),
    [
        (lambda: Spaced(time.monotonic), 1),
        (lambda: Spaced(time.time), 1),
        (Bucket, 2),
        (Window, 0),
        (Cache, 3.25),
    ],
    ids=["monotonic", "wall", "bucket_with_slots", "dates_in_a_deque", "expiry_in_a_dict"],
)
def test_a_limiter_at_module_level_is_the_same_in_every_run(limiter, seconds):
    LIMITERS["this"] = limiter()
    traces = traces_of(waits_twice)

    # The first run finds a limiter that was made on the real clocks, outside of any run.
    assert [trace.virtual_s for trace in traces[1:]] == [pytest.approx(seconds)] * 3
    assert_equal_traces(traces[1:])


ONE_AT_A_TIME = asyncio.Semaphore(1)


async def takes_turns(ctx, text):
    async def one():
        async with ONE_AT_A_TIME:
            await asyncio.sleep(1)

    await asyncio.gather(one(), one(), one())
    return "done"


def test_a_semaphore_at_module_level_serves_run_after_run():
    assert [trace.virtual_s for trace in traces_of(takes_turns)] == [pytest.approx(3.0)] * 4


KEPT = {}


def test_what_nobody_noted_in_a_run_is_left_as_it_is():
    opening = datetime.fromtimestamp(START, UTC).replace(microsecond=5)
    KEPT.update(opens=opening, limit=1_750_000_000)

    def agent(ctx, text):
        time.sleep(5)
        return "done"

    traces_of(agent, runs=2)

    assert (KEPT["opens"], KEPT["limit"]) == (opening, 1_750_000_000)


IMPORTED = """
import time
from datetime import datetime

from agent_chaos import BaselineScenario

began = time.perf_counter()
time.sleep(0.001)
took = time.perf_counter() - began
STARTED = time.monotonic(), time.time(), datetime.now()


def agent(ctx, text):
    ages = time.monotonic() - STARTED[0], time.time() - STARTED[1], (datetime.now() - STARTED[2]).total_seconds()
    assert 0.001 <= took < 1
    return " ".join(f"{age > 0 and age < 100_000}" for age in ages)


scenario = BaselineScenario(name="imported", agent=agent, turns=["go"])
"""


def test_what_was_read_as_the_agent_was_imported_lies_in_the_past_of_its_runs(tmp_path):
    file = tmp_path / "imported.py"
    file.write_text(IMPORTED)
    with offline_environment():
        one = load_scenario(str(file))
        first = trial(one, nothing_recorded())
        second = trial(one, nothing_recorded())

    assert [trace.answers[0].text for trace in (first, second)] == ["True True True"] * 2


def test_a_limiter_that_runs_used_goes_on_upon_the_real_clock():
    release()  # what other tests have installed for good
    LIMITERS["this"] = Spaced(lambda: time.monotonic())
    with offline_environment():
        recorded(scenario(waits_twice), [])
        trial(scenario(waits_twice), nothing_recorded())
        within = LIMITERS["this"].last
        release()

    assert within > PROCESS_START_S
    assert 0 <= time.monotonic() - LIMITERS["this"].last < 3_600


def test_a_number_that_was_there_before_the_first_run_is_no_time():
    """Metres per second, and more than the clock shows when it is left."""
    release()  # what other tests have installed for good
    constant = float(PROCESS_START_S + 40_000)
    LIMITERS["this"] = Spaced(lambda: time.monotonic())
    KEPT.clear()
    KEPT.update(speed=constant, pair=(constant, 1))

    def agent(ctx, text):
        LIMITERS["this"].wait()
        KEPT["read"] = time.monotonic()
        return f"{KEPT['speed']}"

    with offline_environment():
        for _ in range(5):
            trial(scenario(agent), nothing_recorded())
        within = KEPT["read"]
        release()

    assert constant < within
    assert (KEPT["speed"], KEPT["pair"]) == (constant, (constant, 1))
    assert 0 <= time.monotonic() - KEPT["read"] < 3_600


def test_a_number_below_all_that_was_read_is_no_time():
    """A process that has made many runs reads numbers that are dates of the past years in seconds."""
    release()  # what other tests have installed for good
    KEPT.clear()

    def agent(ctx, text):
        KEPT["read"] = time.monotonic()
        KEPT["ordered"] = KEPT.get("long ago")
        return "noted"

    for _ in range(2):
        with offline_environment():
            trial(scenario(agent), nothing_recorded())
            within = KEPT["read"]
            release()
        KEPT.setdefault("long ago", within)

    assert KEPT["ordered"] == KEPT["long ago"] > PROCESS_START_S
    assert 0 <= time.monotonic() - KEPT["read"] < 3_600


class Unready:
    """Stands for settings that are made when they are first asked for."""

    @property
    def __class__(self):
        raise RuntimeError("settings are not configured")


class Sized(dict):
    def __len__(self):
        raise RuntimeError("a copy of a file")


def test_whatever_an_agent_keeps_beside_times_is_passed_over():
    odd = [10**616, datetime.min, datetime.max, float("inf"), float("nan"), Unready(), Sized(a=1.0)]

    def agent(ctx, text):
        KEPT.update(odd=odd, pairs=[(time.time(), one) for one in odd])
        time.sleep(5)
        return "done"

    KEPT["settings"] = odd[-2]
    traces = traces_of(agent, runs=3)

    assert [trace.answers[0].text for trace in traces] == ["done"] * 3
    assert KEPT["odd"][0] == 10**616


def test_a_wait_is_measured_alike_in_the_first_and_in_the_sixty_five_thousandth_run():
    """Floats that are less dense later would make other deadlines of the same waits."""
    latest = process_time.latest()

    def agent(ctx, text):
        began = time.monotonic()
        due = began + 0.3
        time.sleep(0.1)
        return repr((due - time.monotonic(), time.monotonic() - began))

    try:
        traces = []
        for runs_before in (0, 30_000, 65_000):
            process_time.begins(
                VirtualClock(0.0, monotonic_start_s=PROCESS_START_S + runs_before * BETWEEN_RUNS_S)
            )
            traces += traces_of(agent, runs=1)
    finally:
        process_time.begins(latest)

    assert_equal_traces(traces)
