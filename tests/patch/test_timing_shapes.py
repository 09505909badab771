"""Every kind of wait takes its own virtual time, and equal runs are equal, whatever ran before in this process."""

import gc
import weakref
from random import Random

import pytest

from agent_chaos.runtime.active import running
from tests.patch.timing_shapes import SHAPES, ask
from tests.trials import assert_equal_traces, claude_says, recorded, scenario, trial


@pytest.fixture(scope="module")
def cassette():
    return recorded(scenario(lambda ctx, text: ask()), [claude_says("hi", at=30.0)])


@pytest.mark.parametrize("name", SHAPES)
def test_a_wait_takes_exactly_its_time(name, cassette):
    agent, answer, seconds = SHAPES[name]
    trace = trial(scenario(agent), cassette)

    assert [one.text for one in trace.answers] == [answer]
    assert trace.virtual_s == pytest.approx(seconds, abs=1e-3)
    assert not trace.incidents


def test_runs_are_equal_in_any_order(cassette):
    names = [name for name in SHAPES for _ in range(3)]
    Random(3).shuffle(names)
    traces = {name: [] for name in SHAPES}
    for name in names:
        traces[name].append(trial(scenario(SHAPES[name][0]), cassette))

    for of_one in traces.values():
        assert_equal_traces(of_one)


def test_runs_that_are_over_are_not_kept(cassette):
    runs = []

    def noting(agent):
        def noted(ctx, text):
            runs.append(weakref.ref(running()))
            return agent(ctx, text)

        return noted

    for agent, _, _ in SHAPES.values():
        trial(scenario(noting(agent)), cassette)
    gc.unfreeze()  # survivors of earlier runs are not looked at again so soon
    gc.collect()

    # A single one may be held by what Python itself remembers of a thread or a context.
    assert len([name for name, run in zip(SHAPES, runs, strict=True) if run() is not None]) <= 1
