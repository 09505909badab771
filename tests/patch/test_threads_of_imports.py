"""Threads that an agent's module starts as it is imported take part in every run."""

from agent_chaos.patch.install import offline_environment
from agent_chaos.scenario.loader import load_scenario
from tests.trials import assert_equal_traces, nothing_recorded, trial

WORKS_IN_A_THREAD = """
import queue, threading, time

from agent_chaos import BaselineScenario

JOBS = queue.Queue()


def work():
    while True:
        number, answers = JOBS.get()
        time.sleep(2)
        answers.put(number * 2)


threading.Thread(target=work, daemon=True).start()


def agent(ctx, text):
    answers = queue.Queue()
    JOBS.put((21, answers))
    return answers.get(timeout=120)


scenario = BaselineScenario(name="works", agent=agent, turns=["go"])
"""


def test_a_worker_of_a_module_does_its_job_on_the_clock_of_the_run_that_gave_it(tmp_path):
    (tmp_path / "works.py").write_text(WORKS_IN_A_THREAD)
    with offline_environment():
        one = load_scenario(str(tmp_path / "works.py"))
        traces = [trial(one, nothing_recorded()) for _ in range(3)]

    assert [trace.answers[0].value for trace in traces] == [42] * 3
    assert [trace.virtual_s for trace in traces] == [2.0] * 3
    assert_equal_traces(traces)
