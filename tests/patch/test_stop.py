"""A run is stopped wherever it is, and what goes on beside it neither holds it up nor passes for its agent's fault."""

import asyncio
import json
import os
import sched
import signal
import sys
import threading
import time
import weakref
from functools import partial
from random import Random

import pytest

from agent_chaos.errors import TrialTimeout
from agent_chaos.patch.install import install_offline, release
from agent_chaos.patch.time.collector import collector_paused
from agent_chaos.patch.time.stop import real_time_stop
from agent_chaos.runtime import real
from agent_chaos.runtime.active import scheduled
from agent_chaos.runtime.clock import VirtualClock
from agent_chaos.runtime.session import Session
from agent_chaos.runtime.tape import Tape
from agent_chaos.trace.trace import Wait
from tests.trials import START, recorded, scenario, trial


def ran(agent, **limits):
    return trial(scenario(agent), recorded(scenario(lambda ctx, text: "x"), []), **limits)


def writes_its_tape_for_ever():
    session = fresh_session()
    # As in a trial, no collection comes between, whose callbacks would be struck instead.
    with collector_paused(), real_time_stop(session, 0.1):
        while True:
            session.tape.write(lambda seq: Wait(seq, 0.0, 0.0, "sleep"))


def test_a_stop_that_comes_while_the_tape_is_written_does_not_wait_for_the_tape():
    with pytest.raises(TrialTimeout):
        writes_its_tape_for_ever()


def fresh_session():
    return Session(clock=VirtualClock(0.0), tape=Tape(), jitter=Random(0), chance=Random(0))


RINGS = partial(signal.raise_signal, signal.SIGALRM)
"""Has the time of a run be up at once, in the frame that calls this: C code, of before anything was patched."""


def ends_late(session, step):
    """A run whose time is up within its one step, and that goes on."""
    with pytest.raises(TrialTimeout), real_time_stop(session, 0):
        spins_after(step)


def spins_after(step):
    step()
    for _ in range(20_000_000):  # far longer than until the stop comes again
        pass


def test_what_python_does_for_code_that_must_end_is_not_stopped_midway():
    session, due = fresh_session(), sched.scheduler()
    due.enter(-1, 0, RINGS)
    ends_late(session, lambda: session.tape.write(due.run))

    assert len(session.tape.entries()) == 1


class Thing:
    """May be referred to weakly."""


def test_a_stop_that_comes_in_a_finaliser_is_not_lost_there(monkeypatch):
    lost, session = [], fresh_session()
    monkeypatch.setattr(sys, "unraisablehook", lost.append)
    things = [Thing()]
    weakref.finalize(things[0], RINGS)
    ends_late(session, things.clear)

    assert not lost


def test_a_stop_reaches_a_run_that_is_not_on_the_main_thread_and_nothing_after_it():
    ends = []

    def run():
        try:
            writes_its_tape_for_ever()
        except TrialTimeout:
            ends.append("stopped")
        for _ in range(100_000):
            pass
        ends.append("went on")

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()

    assert ends == ["stopped", "went on"]


def spins_in_a_thread(ctx, text):
    def spin():
        while True:
            pass

    threading.Thread(target=spin, daemon=True).start()
    threading.Event().wait()


def test_a_thread_that_computes_for_ever_is_stopped_and_ended():
    # Not by their number, since a thread that an earlier test left may end meanwhile.
    before = set(threading.enumerate())
    trace = ran(spins_in_a_thread, real_s=0.5)
    until = real.monotonic() + 10
    while set(threading.enumerate()) - before and real.monotonic() < until:
        real.sleep(0.01)

    assert [incident.kind for incident in trace.incidents_of("timeout")] == ["timeout"]
    assert not set(threading.enumerate()) - before


class Bus:
    """A loop in a thread of its own, started on first use, that outlives every run."""

    def __init__(self):
        self.loop = None

    def emit(self, what):
        if self.loop is None:
            self.loop = asyncio.new_event_loop()
            threading.Thread(target=self.loop.run_forever, name="Bus", daemon=True).start()
        return asyncio.run_coroutine_threadsafe(self.handle(what), self.loop).result(5)

    async def handle(self, what):
        await asyncio.sleep(1)
        return f"{what} at {time.time() - START:.0f}"


def test_a_loop_in_a_thread_that_waits_to_be_asked_serves_run_after_run():
    bus = Bus()

    def agent(ctx, text):
        first = bus.emit("started")
        time.sleep(2)
        return f"{first}, {bus.emit('ended')}"

    traces = [ran(agent) for _ in range(3)]

    assert [trace.answers[0].text for trace in traces] == ["started at 1, ended at 4"] * 3
    assert [trace.virtual_s for trace in traces] == [4.0] * 3


def test_a_loop_that_was_there_before_the_run_takes_part_in_it():
    install_offline()
    bus, began = Bus(), threading.Event()
    bus.loop = asyncio.new_event_loop()
    bus.loop.call_soon(began.set)
    threading.Thread(target=bus.loop.run_forever, daemon=True).start()
    began.wait()
    traces = [ran(lambda ctx, text: bus.emit("asked")) for _ in range(3)]

    assert [trace.answers[0].text for trace in traces] == ["asked at 1"] * 3


def test_a_loop_that_was_started_before_the_process_was_offline_takes_part_too():
    release()
    bus, began = Bus(), threading.Event()
    bus.loop = asyncio.new_event_loop()
    bus.loop.call_soon(began.set)
    threading.Thread(target=bus.loop.run_forever, daemon=True).start()
    began.wait()
    traces = [ran(lambda ctx, text: bus.emit("asked")) for _ in range(3)]
    release()

    assert [trace.answers[0].text for trace in traces] == ["asked at 1"] * 3
    assert asyncio.run_coroutine_threadsafe(asyncio.sleep(0, "for real"), bus.loop).result(5) == "for real"


def test_a_loop_that_was_made_before_the_process_was_offline_waits_on_virtual_time():
    release()
    loop = asyncio.new_event_loop()
    trace = ran(lambda ctx, text: loop.run_until_complete(asyncio.sleep(3_600, "slept")))
    loop.close()

    assert trace.answers[0].text == "slept"
    assert trace.virtual_s == 3_600


def test_a_wait_inside_c_code_makes_the_run_degraded_and_lets_the_others_go_on():
    read, write = os.pipe()

    def agent(ctx, text):
        reader = threading.Thread(target=os.read, args=(read, 1))
        reader.start()
        time.sleep(3)
        os.write(write, b"x")
        reader.join()
        return "ok"

    trace = ran(agent)

    assert [one.text for one in trace.answers] == ["ok"]
    assert trace.virtual_s == 3
    assert trace.incidents_of("degraded")


def test_a_thread_that_comes_out_of_c_code_while_its_turn_is_passed_on_waits_for_the_next_one(monkeypatch):
    """Two threads that chose at once woke each other in vain, and the run counted as stuck."""
    monkeypatch.setattr("agent_chaos.runtime.scheduler.PATIENCE_S", 0.02)
    read, write = os.pipe()

    def reads():
        os.read(read, 1)
        time.sleep(1)

    def agent(ctx, text):
        scheduler = scheduled()
        for _ in range(12):
            reader = threading.Thread(target=reads)
            reader.start()
            real.start_new_thread(writes_once_taken, (scheduler, write))
            reader.join()
        return "ok"

    trace = ran(agent)

    assert [one.text for one in trace.answers] == ["ok"]
    assert trace.virtual_s == 12


def test_a_thread_that_lost_its_turn_and_computes_on_is_waited_for(monkeypatch):
    monkeypatch.setattr("agent_chaos.runtime.scheduler.PATIENCE_S", 0.02)
    monkeypatch.setattr("agent_chaos.runtime.outside.LONG_S", 0.1)
    # Seconds of the processor, so that a busy machine, on which the thread stands still as well, is no matter.
    monkeypatch.setattr(real, "monotonic", lambda: real.process_time_ns() / 1e9)
    read, write = os.pipe()

    def reads():
        os.read(read, 1)
        until = real.monotonic() + 0.3
        numbers = list(range(200))
        # At many places, of equal length: a thread is only ever seen where it lets others go on.
        while real.monotonic() < until:
            sorted(numbers)
            max(numbers)
            sum(numbers)
            min(numbers)
            str(numbers)
            set(numbers)
            tuple(numbers)
            json.dumps(numbers)
            any(map(str, numbers))
            dict.fromkeys(numbers)

    def agent(ctx, text):
        reader = threading.Thread(target=reads)
        reader.start()
        real.start_new_thread(writes_once_taken, (scheduled(), write))
        reader.join()
        return "ok"

    assert [one.text for one in ran(agent).answers] == ["ok"]


def writes_once_taken(scheduler, write):
    """Lets a thread go on that reads, as soon as its turn is being passed on by another."""
    while not (scheduler.choosing and any(one.outside for one in list(scheduler.members.values()))):
        real.sleep(0.001)
    os.write(write, b"x")


def test_a_thread_that_looks_now_and_then_is_not_started_again_with_every_run():
    over = []

    def polls():
        while not over:
            time.sleep(1)

    def agent(ctx, text):
        if not over:
            threading.Thread(target=polls, daemon=True).start()
        time.sleep(5)
        return "ok"

    traces = [ran(agent) for _ in range(4)]
    until = real.monotonic() + 10
    alive = [1, 2]
    while len(alive) > 1 and real.monotonic() < until:
        alive = [thread for thread in threading.enumerate() if "polls" in thread.name]

    over.append("the test")
    ran(agent)

    assert len(alive) == 1
    assert len({trace.virtual_s for trace in traces}) == 1


def test_trio_is_refused_in_words():
    trio = pytest.importorskip("trio")

    async def main():
        await trio.sleep(1)

    trace = ran(lambda ctx, text: trio.run(main))

    assert "trio" in trace.incidents_of("harness")[0].detail
    assert not trace.raised


def test_an_agent_that_sets_the_alarm_of_the_process_is_stopped_all_the_same():
    def agent(ctx, text):
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
        signal.alarm(0)
        while True:
            pass

    handler = signal.getsignal(signal.SIGALRM)
    trace = ran(agent, real_s=0.2)

    assert trace.incidents_of("timeout")
    assert signal.getsignal(signal.SIGALRM) is handler
