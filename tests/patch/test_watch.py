"""A wait inside C code, by the only thread of a run, is named, and nothing after it is blamed on the agent."""

import asyncio
import ctypes
import os
import select
import socket
import subprocess
import threading
from contextlib import suppress

import pytest

from agent_chaos.faults.plan import Plan, fault_of
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.patch.time import watch
from agent_chaos.runtime import scheduler
from agent_chaos.trial.rehearsal import Rehearsal
from tests.patch.timing_shapes import ask
from tests.trials import claude_says, recorded, scenario, trial

LONG_S = 0.4
MADE_BEFORE = threading.Lock()
MADE_BEFORE.acquire()


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(watch, "_EVERY_S", 0.01)
    watch._end()  # one that an earlier test began has not looked for so long


@pytest.fixture(scope="module")
def cassette():
    return recorded(scenario(lambda ctx, text: ask()), [claude_says("hi")])


def in_a_library():
    ctypes.CDLL(None).usleep(round(LONG_S * 1e6))


def for_a_socket():
    one, other = socket.socketpair()
    with one, other, suppress(TimeoutError):
        one.settimeout(LONG_S)
        one.recv(1)


def in_poll():
    select.poll().poll(LONG_S * 1e3)


def for_a_lock_that_is_older_than_the_run():
    MADE_BEFORE.acquire(timeout=LONG_S)


WAITS = (in_a_library, for_a_socket, in_poll, for_a_lock_that_is_older_than_the_run)


@pytest.mark.parametrize("waits", WAITS, ids=lambda one: one.__name__)
def test_a_wait_that_virtual_time_does_not_know_is_named(waits, cassette):
    def agent(ctx, text):
        waits()
        return ask()

    trace = trial(scenario(agent), cassette)
    (incident,) = trace.incidents_of("degraded")

    assert waits.__name__ in incident.detail
    assert "test_watch.py" in incident.detail


def test_a_long_computation_is_no_wait(cassette):
    def agent(ctx, text):
        sum(range(20_000_000))
        return ask()

    assert not trial(scenario(agent), cassette).incidents_of("degraded")


def test_what_goes_wrong_after_such_a_wait_is_no_finding(cassette):
    def agent(ctx, text):
        try:
            return ask()
        except Exception:
            in_a_library()
            raise LookupError("a bug") from None

    struck = Plan.of([("call 0", fault_of({"kind": "server_error"}))])
    outcome = Rehearsal(scenario(agent), cassette=cassette).trial(struck)

    assert outcome.verdict is Verdict.UNDECIDED
    assert "in_a_library" in outcome.reason


PROGRAM = ("sleep", str(LONG_S))


def by_subprocess():
    subprocess.run(PROGRAM, check=True)


def by_its_output():
    subprocess.check_output(["sh", "-c", f"sleep {LONG_S}; echo done"])


def by_a_shell():
    os.system(" ".join(PROGRAM))


def by_its_number():
    os.waitpid(os.posix_spawnp(PROGRAM[0], PROGRAM, os.environ), 0)


def by_reading():
    with subprocess.Popen(["sh", "-c", f"sleep {LONG_S}; echo done"], stdout=subprocess.PIPE) as program:
        assert program.stdout.read() == b"done\n"


def by_reading_lines():
    script = f"echo one; sleep {LONG_S}; echo two"
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, text=True, bufsize=1) as program:
        assert list(program.stdout) == ["one\n", "two\n"]


def by_popen():
    assert os.popen(f"sleep {LONG_S}; echo done").read() == "done\n"


def by_writing():
    reader = ["sh", "-c", f"sleep {LONG_S}; cat >/dev/null"]
    with subprocess.Popen(reader, stdin=subprocess.PIPE, bufsize=0) as program:
        program.stdin.write(b"x" * 200_000)


def by_wait4():
    os.wait4(os.posix_spawnp(PROGRAM[0], PROGRAM, os.environ), 0)


def by_a_loop():
    async def run():
        await (await asyncio.create_subprocess_exec(*PROGRAM)).wait()

    asyncio.run(run())


def by_a_thread_of_a_loop():
    async def run():
        await asyncio.to_thread(by_subprocess)

    asyncio.run(run())


PROGRAMS = (
    *(by_subprocess, by_its_output, by_a_shell, by_its_number, by_a_loop, by_a_thread_of_a_loop),
    *(by_reading, by_reading_lines, by_popen, by_writing, by_wait4),
)


@pytest.fixture(params=["true", "sleep 60"])
def another_program(request):
    """A program from before the run: one that goes on, or one that ended and that nobody has waited for."""
    program = subprocess.Popen(request.param.split())
    if request.param == "true":
        os.waitid(os.P_PID, program.pid, os.WEXITED | os.WNOWAIT)
    yield
    program.kill()
    program.wait()


@pytest.mark.parametrize("waits", [by_a_loop, by_a_thread_of_a_loop], ids=lambda one: one.__name__)
def test_programs_from_before_a_run_are_none_of_its_own(waits, cassette, impatient_threads, another_program):
    trace = trial(scenario(lambda ctx, text: (waits(), ask())[1]), cassette)

    assert not trace.incidents_of("degraded")


@pytest.fixture
def impatient_threads(monkeypatch):
    monkeypatch.setattr(scheduler, "PATIENCE_S", 0.05)


@pytest.mark.parametrize("waits", PROGRAMS, ids=lambda one: one.__name__)
def test_a_program_that_is_all_a_run_waits_for_leaves_its_clock_exact(waits, cassette, impatient_threads):
    def agent(ctx, text):
        waits()
        return ask()

    trace = trial(scenario(agent), cassette)

    assert not trace.incidents_of("degraded")
    assert trace.answers


def test_a_program_beside_which_time_passes_does_not(cassette, impatient_threads):
    def agent(ctx, text):
        rung = threading.Event()
        threading.Timer(LONG_S / 4, rung.set).start()
        by_subprocess()
        return ask()

    assert trial(scenario(agent), cassette).incidents_of("degraded")


def test_what_goes_wrong_after_a_program_is_a_finding(cassette):
    def agent(ctx, text):
        try:
            return ask()
        except Exception:
            by_subprocess()
            raise LookupError("a bug") from None

    struck = Plan.of([("call 0", fault_of({"kind": "server_error"}))])

    assert Rehearsal(scenario(agent), cassette=cassette).trial(struck).verdict is Verdict.FAIL
