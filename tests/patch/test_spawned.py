"""Processes that start anew find what the agent's file defines."""

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import spawn

from agent_chaos.patch.install import environment
from agent_chaos.scenario.imports import forget, import_file
from agent_chaos.trace.trace import IMPORTED_AS

AGENTS_FILE = "class Job:\n    size = 3\n\n\ndef doubled(job):\n    return 2 * job.size\n"


def test_a_new_process_runs_a_function_of_a_file_that_was_imported_by_path(tmp_path):
    file = tmp_path / "agent.py"
    file.write_text(AGENTS_FILE)
    start_anew = multiprocessing.get_context("spawn")
    try:
        with environment():
            agent = import_file(file)
            with ProcessPoolExecutor(1, mp_context=start_anew) as pool:
                found = pool.submit(agent.doubled, agent.Job()).result()
    finally:
        forget()
        sys.path.remove(str(tmp_path))

    assert found == 6


def test_a_new_process_is_told_nothing_where_no_file_was_imported_by_path(monkeypatch):
    for name in [name for name in sys.modules if name.startswith(IMPORTED_AS)]:
        monkeypatch.delitem(sys.modules, name)
    usual = spawn.get_preparation_data("worker")
    with environment():
        told = spawn.get_preparation_data("worker")

    assert told == usual
