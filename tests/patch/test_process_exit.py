"""An agent that ends its process ends its own run, whatever it calls for that."""

import atexit
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from tests.trials import recorded, scenario, trial


def run(agent):
    return trial(scenario(agent), recorded(scenario(lambda ctx, text: "recorded"), []))


ENDS = {
    "os._exit(0)": lambda: os._exit(0),
    "os.abort()": lambda: os.abort(),
    "SIGKILL": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "SIGSEGV": lambda: os.kill(0, signal.SIGSEGV),
    "SIGHUP": lambda: os.killpg(os.getpgrp(), signal.SIGHUP),
    "SIGTERM": lambda: signal.raise_signal(signal.SIGTERM),
}


@pytest.fixture
def hangups():
    """A shell that goes on without its terminal, as CI's does, has its commands ignore SIGHUP."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("hangups")
@pytest.mark.parametrize("named", ENDS)
def test_what_ends_the_process_is_how_the_run_ends(named):
    trace = run(lambda ctx, text: ENDS[named]())

    assert [raised.type for raised in trace.raised] == ["SystemExit"]
    assert named in trace.raised[0].message


def test_a_thread_that_ends_the_process_ends_the_run_wherever_its_main_thread_waits():
    def agent(ctx, text):
        threading.Timer(5, os._exit, (1,)).start()
        time.sleep(60)
        return "went on"

    trace = run(agent)

    assert [(raised.type, raised.message) for raised in trace.raised] == [("SystemExit", "os._exit(1)")]
    assert trace.virtual_s == 5


def test_a_signal_that_the_agent_handles_reaches_it():
    def agent(ctx, text):
        heard = []
        signal.signal(signal.SIGTERM, lambda *ignored: heard.append("asked to end"))
        os.kill(os.getpid(), signal.SIGTERM)
        return heard[0]

    assert run(agent).answers[0].text == "asked to end"


def test_a_program_of_the_agent_can_be_ended():
    def agent(ctx, text):
        with subprocess.Popen(["sleep", "600"]) as program:
            os.kill(program.pid, signal.SIGTERM)
        return str(program.returncode)

    assert run(agent).answers[0].text == str(-signal.SIGTERM)


def test_what_an_agent_leaves_to_be_done_at_exit_is_not_done():
    waiting = []

    def agent(ctx, text):
        waiting.append(atexit._ncallbacks())
        atexit.register(os._exit, 0)
        waiting.append(atexit._ncallbacks())

    run(agent)

    assert waiting[0] == waiting[1]


ENDS_LATE = """
import atexit, os, sys
from agent_chaos.patch.install import environment
from agent_chaos.patch.process_exit import end_with
with environment():
    atexit.register(os._exit, 0)
    atexit.register(lambda: os._exit(0))
end_with(1)
"""


def test_what_ends_the_process_at_exit_ends_it_with_the_code_of_its_command():
    assert subprocess.run([sys.executable, "-c", ENDS_LATE], check=False).returncode == 1
