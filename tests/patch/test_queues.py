"""`queue.SimpleQueue` in a run: waits in virtual time, and refuses what the real one refuses."""

import queue
import time

import pytest

from tests.trials import nothing_recorded, scenario, trial


@pytest.mark.parametrize(
    ("timeout", "said"),
    [(0.5, "empty after 0.5 s"), (30, "empty after 30 s"), (0, "empty after 0 s"), (-1, "refused after 0 s")],
)
def test_a_wait_for_an_item_that_never_comes_ends_after_its_timeout(timeout, said):
    def agent(ctx, text):
        waiting, began = queue.SimpleQueue(), time.monotonic()
        try:
            waiting.get(timeout=timeout)
        except queue.Empty:
            ended = "empty"
        except ValueError:
            ended = "refused"
        return f"{ended} after {time.monotonic() - began:g} s"

    run = trial(scenario(agent), nothing_recorded())

    assert [answer.text for answer in run.answers] == [said]


def test_an_item_is_there_without_waiting():
    def agent(ctx, text):
        waiting = queue.SimpleQueue()
        waiting.put("first")
        waiting.put("second")
        return f"{waiting.get(timeout=9)} {waiting.get_nowait()} {waiting.qsize()} {waiting.empty()}"

    run = trial(scenario(agent), nothing_recorded())

    assert [answer.text for answer in run.answers] == ["first second 0 True"]
    assert run.virtual_s == 0
