"""Waiting costs nothing and is exact; code outside of a run keeps its real clocks."""

import _thread
import asyncio
import queue
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import anthropic
import pytest

from agent_chaos.patch.install import install_offline
from agent_chaos.patch.time import loops
from agent_chaos.runtime import real
from agent_chaos.runtime.active import current
from tests.trials import (
    START,
    assert_equal_traces,
    claude_says,
    json_reply,
    nothing_recorded,
    recorded,
    scenario,
    trial,
)

SLOW_DOWN = {"type": "error", "error": {"type": "rate_limit_error", "message": "slow down"}}
ASK = {"max_tokens": 100, "model": "claude-sonnet-5", "messages": [{"role": "user", "content": "hello"}]}


def limited():
    waits = [json_reply(SLOW_DOWN, status=429, at=0.1, retry_after="600") for _ in range(3)]
    return [*waits, claude_says("done", at=0.4)]


def ask(ctx, text):
    return anthropic.Anthropic(max_retries=3).messages.create(**ASK).content[0].text


async def ask_async(ctx, text):
    async with asyncio.timeout(5_000):
        message = await anthropic.AsyncAnthropic(max_retries=3).messages.create(**ASK)
    return message.content[0].text


@pytest.mark.parametrize("agent", [ask, ask_async], ids=["sync", "async"])
def test_three_waits_of_600_s_take_1800_virtual_seconds_beside_the_latency(agent):
    one = scenario(agent)
    cassette = recorded(one, limited())
    trace = trial(one, cassette)

    assert trace.answers[0].text == "done"
    assert trace.virtual_s == pytest.approx(1_800.7, abs=1e-6)


@pytest.mark.parametrize("agent", [ask, ask_async], ids=["sync", "async"])
def test_equal_runs_have_equal_traces(agent):
    one = scenario(agent)
    cassette = recorded(one, limited())

    assert_equal_traces([trial(one, cassette) for _ in range(50)])


async def five_clients(ctx, text):
    async with asyncio.timeout(30):
        clients = [anthropic.AsyncAnthropic() for _ in range(5)]
        asked = [
            client.messages.create(
                max_tokens=9,
                model="claude-sonnet-5",
                messages=[{"role": "user", "content": f"question {i}"}],
            )
            for i, client in enumerate(clients)
        ]
        return " ".join(m.content[0].text for m in await asyncio.gather(*asked))


def test_five_fresh_clients_at_once_run_the_same_every_time():
    one = scenario(five_clients)
    cassette = recorded(one, [claude_says(f"answer {i}", at=1.0 + i) for i in range(5)])
    traces = [trial(one, cassette) for _ in range(25)]

    assert {trace.answers[0].text for trace in traces} == {"answer 0 answer 1 answer 2 answer 3 answer 4"}
    assert_equal_traces(traces)
    assert traces[0].virtual_s == pytest.approx(5.0)


def test_the_wall_clock_starts_at_the_recording_and_moves_with_the_virtual_one():
    seen = []

    def agent(ctx, text):
        seen.append((time.time(), datetime.now(UTC).timestamp()))
        time.sleep(86_400)
        seen.append((time.time(), datetime.now(UTC).timestamp()))
        return "ok"

    one = scenario(agent)
    trial(one, recorded(one, []))

    assert seen[-2:] == [(START, START), (START + 86_400, START + 86_400)]


def waits_on_event(ctx, text):
    return str(threading.Event().wait(3_600))


def waits_on_queue(ctx, text):
    try:
        queue.Queue().get(timeout=3_600)
    except queue.Empty:
        return "empty"
    return "full"


async def waits_with_deadline(ctx, text):
    try:
        async with asyncio.timeout(3_600):
            await asyncio.Event().wait()
    except TimeoutError:
        return "timed out"
    return "woken"


def waits_for_a_pool(ctx, text):
    with ThreadPoolExecutor(1) as pool:
        return str(pool.submit(time.sleep, 3_600).result())


async def waits_for_a_thread(ctx, text):
    async with asyncio.timeout(7_200):
        return str(await asyncio.to_thread(time.sleep, 3_600))


@pytest.mark.parametrize(
    ("agent", "answer"),
    [
        (waits_on_event, "False"),
        (waits_on_queue, "empty"),
        (waits_with_deadline, "timed out"),
        (waits_for_a_pool, "None"),
        (waits_for_a_thread, "None"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_every_kind_of_wait_takes_its_hour_of_virtual_time(agent, answer):
    one = scenario(agent)
    trace = trial(one, recorded(one, []))

    assert trace.answers[0].text == answer
    assert trace.virtual_s == pytest.approx(3_600, abs=0.01)


def test_a_job_in_a_thread_ends_before_the_loop_jumps_to_its_deadline():
    async def agent(ctx, text):
        async with asyncio.timeout(30):
            return str(await asyncio.to_thread(sum, range(2_000_000)))

    one = scenario(agent)
    trace = trial(one, recorded(one, []))

    assert trace.answers[0].text == str(sum(range(2_000_000)))
    assert trace.virtual_s == 0


async def sleeps_an_hour():
    await asyncio.sleep(3_600)
    return "ok"


def loop_in_a_pool(ctx, text):
    with ThreadPoolExecutor() as pool:
        return pool.submit(asyncio.run, sleeps_an_hour()).result()


async def loop_in_a_thread_of_a_loop(ctx, text):
    return await asyncio.to_thread(asyncio.run, sleeps_an_hour())


def loop_in_a_thread_of_a_loop_in_a_pool(ctx, text):
    with ThreadPoolExecutor() as pool:
        return pool.submit(asyncio.run, loop_in_a_thread_of_a_loop(ctx, text)).result()


async def tool_in_a_thread(ctx, text):
    return str(await asyncio.to_thread(sum, range(200_000)))


def job_of_a_loop_in_a_pool(ctx, text):
    with ThreadPoolExecutor() as pool:
        total = pool.submit(asyncio.run, tool_in_a_thread(ctx, text)).result()
    time.sleep(3_600)
    return "ok" if int(total) == sum(range(200_000)) else total


async def sleeps(seconds):
    await asyncio.sleep(seconds)
    return time.monotonic()


def loops_side_by_side(ctx, text):
    began = time.monotonic()
    with ThreadPoolExecutor() as pool:
        jobs = [pool.submit(asyncio.run, sleeps(seconds)) for seconds in (3_600, 60, 600)]
        woken = [round(job.result() - began) for job in jobs]
    return "ok" if woken == [3_600, 60, 600] else str(woken)


@pytest.mark.parametrize(
    "agent",
    [
        loop_in_a_pool,
        loop_in_a_thread_of_a_loop,
        loop_in_a_thread_of_a_loop_in_a_pool,
        job_of_a_loop_in_a_pool,
        loops_side_by_side,
    ],
)
def test_loops_in_pools_take_their_hour_of_virtual_time(agent):
    one = scenario(agent)
    cassette = recorded(one, [])
    traces = [trial(one, cassette, real_s=5) for _ in range(5)]

    assert {trace.answers[0].text for trace in traces} == {"ok"}
    assert [trace.virtual_s for trace in traces] == [pytest.approx(3_600, abs=0.01)] * 5


async def gives_up_before_its_thread(ctx, text):
    began = time.monotonic()
    try:
        async with asyncio.timeout(30):
            return await asyncio.to_thread(asyncio.run, sleeps_an_hour())
    except TimeoutError:
        return f"gave up after {time.monotonic() - began:.0f} s"


def test_a_deadline_outside_comes_before_a_timer_in_a_thread():
    one = scenario(gives_up_before_its_thread)

    assert trial(one, recorded(one, []), real_s=5).answers[0].text == "gave up after 30 s"


def polls(stop):
    while not stop.is_set():
        time.sleep(0.2)


def sleeps_beside_a_poller(ctx, text):
    stop = threading.Event()
    threading.Thread(target=polls, args=(stop,), daemon=True).start()
    for _ in range(10):
        time.sleep(360)
    stop.set()
    return "ok"


def waits_beside_a_poller(ctx, text):
    stop = threading.Event()
    threading.Thread(target=polls, args=(stop,), daemon=True).start()
    woken = threading.Event().wait(3_600)
    stop.set()
    return str(woken)


@pytest.mark.parametrize("agent", [sleeps_beside_a_poller, waits_beside_a_poller])
def test_a_thread_that_only_polls_neither_holds_nor_drives_the_clock(agent):
    one = scenario(agent)
    cassette = recorded(one, [])
    traces = [trial(one, cassette) for _ in range(3)]

    assert [trace.virtual_s for trace in traces] == [pytest.approx(3_600)] * 3
    assert not any(trace.incidents for trace in traces)


def test_a_daemon_thread_that_is_waited_for_does_its_sleeping():
    def agent(ctx, text):
        worker = threading.Thread(target=time.sleep, args=(3_600,), daemon=True)
        worker.start()
        worker.join()
        return "ok"

    one = scenario(agent)

    assert trial(one, recorded(one, [])).virtual_s == pytest.approx(3_600)


async def leaves_a_timer_behind(ctx, text):
    loop = asyncio.get_running_loop()

    def again():
        loop.call_later(2, again)

    again()
    return str(await asyncio.to_thread(lambda: "ok"))


def test_timers_that_go_on_for_ever_do_not_drive_the_clock_while_the_loop_closes():
    one = scenario(leaves_a_timer_behind)
    cassette = recorded(one, [])
    traces = [trial(one, cassette) for _ in range(20)]

    assert {trace.answers[0].text for trace in traces} == {"ok"}
    assert {trace.virtual_s for trace in traces} == {0.0}


async def waits_for_nothing(ctx, text):
    await asyncio.Event().wait()


def test_an_agent_that_awaits_what_never_happens_is_stopped_at_once():
    one = scenario(waits_for_nothing)
    trace = trial(one, recorded(scenario(lambda ctx, text: "x"), []))

    assert [incident.kind for incident in trace.incidents] == ["timeout"]
    assert not trace.answers


class PyDoneCallback:
    """By its name what an extension in Rust has called when a future of its own is over."""

    def __call__(self, future):
        pass


async def awaits_an_extension(ctx, text):
    loop, session = asyncio.get_running_loop(), current()
    future = loop.create_future()
    future.add_done_callback(PyDoneCallback())

    def in_a_thread_of_its_own():
        while not (session.scheduler.outside.native or session.finished):
            real.sleep(0.001)
        loop.call_soon_threadsafe(future.set_result, "connected")

    real.start_new_thread(in_a_thread_of_its_own, ())
    return await future


def test_what_an_extension_does_in_threads_that_are_not_python_s_is_waited_for():
    one = scenario(awaits_an_extension)

    assert trial(one, nothing_recorded()).answers[0].text == "connected"


def spins(ctx, text):
    while True:
        pass


def test_a_busy_agent_is_stopped_after_its_real_time():
    trace = trial(scenario(spins), recorded(scenario(lambda ctx, text: "x"), []), real_s=0.2)

    assert [incident.kind for incident in trace.incidents] == ["timeout"]


def polls_the_clock(ctx, text):
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        pass
    return "done"


def test_code_that_only_reads_the_clock_sees_it_move():
    one = scenario(polls_the_clock)
    trace = trial(one, recorded(one, []))

    assert trace.answers[0].text == "done"
    assert trace.virtual_s >= 5


def test_outside_of_a_run_clocks_are_real():
    before = time.monotonic()
    trial(scenario(lambda ctx, text: time.sleep(10_000)), recorded(scenario(lambda ctx, text: "x"), []))

    assert time.monotonic() - before < 60
    assert abs(time.time() - START) > 1_000


def test_a_thread_that_meets_its_starter_at_the_lock_of_its_start_waits_for_no_turn():
    coming = real.allocate_lock()
    coming.acquire()

    class Started(threading.Event):
        """The event that `Thread.start` waits for, with its lock held until the new thread wants it."""

        def wait(self, timeout=None):
            with self._cond:
                coming.acquire()
                real.sleep(0.01)  # gives the interpreter to the other one, which comes as far as the lock
            return super().wait(timeout)

        def set(self):
            coming.release()
            super().set()

    def agent(ctx, text):
        thread = threading.Thread(target=int)
        thread._started = Started()
        thread.start()
        thread.join()
        return "both went on"

    asked = scenario(agent)

    assert trial(asked, recorded(asked, [])).answers[0].text == "both went on"


def test_the_event_loop_policy_of_another_library_stands_aside_in_a_run_and_comes_back():
    kind = type("Policy", (asyncio.DefaultEventLoopPolicy,), {"__module__": "uvloop"})
    policy, before = kind(), asyncio.get_event_loop_policy()
    seen = []

    async def agent(ctx, text):
        seen.append(asyncio.get_event_loop_policy())
        return "done"

    asyncio.set_event_loop_policy(policy)
    try:
        asked = scenario(agent)
        trial(asked, recorded(asked, []))

        assert seen[-1] is not policy
        assert asyncio.get_event_loop_policy() is policy

        with loops.without_uvloop():  # as recording does
            assert asyncio.get_event_loop_policy() is not policy
        assert asyncio.get_event_loop_policy() is policy
    finally:
        asyncio.set_event_loop_policy(before)


def by_its_run(uvloop, main):
    return uvloop.run(main)


def by_its_policy(uvloop, main):
    uvloop.install()
    return asyncio.run(main)


def by_its_factory(uvloop, main):
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


@pytest.mark.parametrize("runs", [by_its_run, by_its_policy, by_its_factory], ids=lambda one: one.__name__)
@pytest.mark.filterwarnings("ignore:uvloop.install:DeprecationWarning")
def test_what_asks_for_uvloop_within_a_run_gets_a_loop_on_its_clock(runs):
    uvloop = pytest.importorskip("uvloop")

    async def main():
        began = time.monotonic()
        await asyncio.sleep(30)
        return f"{time.monotonic() - began} {isinstance(asyncio.get_running_loop(), uvloop.Loop)}"

    one = scenario(lambda ctx, text: runs(uvloop, main()))
    trace = trial(one, recorded(scenario(lambda ctx, text: "x"), []))

    assert [answer.text for answer in trace.answers] == ["30.0 False"]
    assert not trace.incidents


def test_a_task_of_an_agent_that_lives_beside_python_is_its_own():
    """As in a container, where both may stand under /usr."""
    made = compile(
        "async def forever():\n await asyncio.sleep(1e9)\n"
        "async def agent(ctx, text):\n ctx.agent_state['task'] = asyncio.create_task(forever())\n await asyncio.sleep(1)",
        f"{sys.prefix}/app/agent.py",
        "exec",
    )
    names = {"asyncio": asyncio}
    exec(made, names)
    trace = trial(scenario(names["agent"]), recorded(scenario(lambda ctx, text: "x"), []))

    assert [one.detail for one in trace.incidents_of("task")] == ["forever of agent.py:agent"]


def test_a_lock_says_whether_it_is_held():
    def held(ctx, text):
        lock = threading.Lock()
        with lock:
            inside = lock.locked()
        return f"{inside} {lock.locked()}"

    one = scenario(held)

    assert trial(one, recorded(one, [])).answers[0].text == "True False"


def test_a_reply_that_begins_when_the_clients_timeout_is_up_is_still_heard():
    def agent(ctx, text):
        client = anthropic.Anthropic(max_retries=0, timeout=5.0)
        said = [{"role": "user", "content": "Hi."}]
        return client.messages.create(model="m", max_tokens=9, messages=said).content[0].text

    one = scenario(agent)
    trace = trial(one, recorded(one, [claude_says("Hello.", at=5.0)]))

    assert [answer.text for answer in trace.answers] == ["Hello."]


def test_a_thread_without_an_object_keeps_its_place_in_virtual_time_and_hands_it_over_as_it_ends():
    def agent(ctx, text):
        done, told = threading.Event(), []

        def told_later(word, *, after_s):
            time.sleep(after_s)
            told.append(word)
            done.set()

        _thread.start_new_thread(told_later, ("late",), {"after_s": 300})
        done.wait()
        time.sleep(60)
        return " ".join(told)

    one = scenario(agent)
    trace = trial(one, recorded(one, []))

    assert (trace.answers[0].text, trace.virtual_s) == ("late", pytest.approx(360))
    assert not trace.incidents_of("degraded")


def test_outside_of_a_run_such_a_thread_gets_all_of_its_arguments():
    install_offline()
    came = queue.SimpleQueue()
    _thread.start_new_thread(lambda *words, **named: came.put((words, named)), ("a",), {"b": 1})

    assert came.get(timeout=60) == (("a",), {"b": 1})
