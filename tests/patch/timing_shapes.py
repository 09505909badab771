"""Agents that wait in every way there is, each with what it should give back and the virtual seconds that it takes."""

import asyncio
import multiprocessing
import queue
import sched
import select
import selectors
import signal
import socket
import threading
import time
from collections.abc import Callable
from concurrent import futures
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anthropic
import anyio
import anyio.from_thread
import anyio.to_thread

ASK = {"max_tokens": 9, "model": "claude-sonnet-5", "messages": [{"role": "user", "content": "hello"}]}

SHAPES: dict[str, tuple[Callable[..., Any], str, float]] = {}
"""Name to agent, answer and virtual seconds. The one reply of the recording takes 30 s."""


def shape(answer: object, seconds: float) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def kept(agent: Callable[..., Any]) -> Callable[..., Any]:
        SHAPES[agent.__name__] = (agent, str(answer), seconds)
        return agent

    return kept


def ask():
    return anthropic.Anthropic(max_retries=0).messages.create(**ASK).content[0].text


async def ask_async():
    return (await anthropic.AsyncAnthropic(max_retries=0).messages.create(**ASK)).content[0].text


def after(seconds, action):
    """Does something in a thread of its own after some seconds."""

    def wait():
        time.sleep(seconds)
        action()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def took(began):
    return round(time.monotonic() - began, 6)


def or_timeout(action):
    try:
        return action()
    except (TimeoutError, queue.Empty, queue.Full, threading.BrokenBarrierError) as exc:
        return type(exc).__name__


@shape(3.0, 3)
def sleep(ctx, text):
    began = time.monotonic()
    time.sleep(3)
    return took(began)


@shape("TimeoutError 5.0", 5)
def future_gives_up_before_the_reply(ctx, text):
    pool, began = ThreadPoolExecutor(2), time.monotonic()
    return f"{or_timeout(lambda: pool.submit(ask).result(timeout=5))} {took(began)}"


@shape("hi 30.0", 30)
def future_waits_for_the_reply(ctx, text):
    with ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        return f"{pool.submit(ask).result(timeout=31)} {took(began)}"


@shape("False True", 2)
def event_times_out_then_comes(ctx, text):
    event = threading.Event()
    after(2, event.set)
    return f"{event.wait(1)} {event.wait(20)}"


@shape("True False", 2)
def join_times_out_then_ends(ctx, text):
    thread = threading.Thread(target=time.sleep, args=(2,))
    thread.start()
    thread.join(1)
    early = thread.is_alive()
    thread.join()
    return f"{early} {thread.is_alive()}"


@shape("1 open at 1.0", 2)
def futures_wait_times_out(ctx, text):
    with ThreadPoolExecutor(2) as pool:
        began = time.monotonic()
        _, left = futures.wait([pool.submit(time.sleep, 2)], timeout=1)
        return f"{len(left)} open at {took(began)}"


@shape("[1.0, 2.0, 3.0]", 3)
def as_completed_in_the_order_of_their_ends(ctx, text):
    def job(seconds):
        time.sleep(seconds)
        return seconds

    with ThreadPoolExecutor(3) as pool:
        jobs = [pool.submit(job, seconds) for seconds in (3.0, 1.0, 2.0)]
        return [job.result() for job in futures.as_completed(jobs)]


@shape("Empty 1 2.0", 2)
def queue_times_out_then_comes(ctx, text):
    waiting, began = queue.Queue(), time.monotonic()
    after(2, lambda: waiting.put(1))
    return f"{or_timeout(lambda: waiting.get(timeout=1))} {waiting.get(timeout=20)} {took(began)}"


@shape("Full", 4)
def queue_stays_full(ctx, text):
    waiting = queue.Queue(1)
    waiting.put(1)
    return or_timeout(lambda: waiting.put(2, timeout=4))


@shape("Empty item", 6)
def simple_queue(ctx, text):
    waiting = queue.SimpleQueue()
    after(6, lambda: waiting.put("item"))
    return f"{or_timeout(lambda: waiting.get(timeout=5))} {waiting.get()}"


@shape("None", 2)
def queue_is_worked_off(ctx, text):
    waiting = queue.Queue()
    waiting.put(2)

    def work():
        time.sleep(waiting.get())
        waiting.task_done()

    threading.Thread(target=work).start()
    return str(waiting.join())


@shape("False True", 2)
def lock_times_out_then_is_free(ctx, text):
    lock = threading.Lock()
    lock.acquire()
    after(2, lock.release)
    return f"{lock.acquire(timeout=1)} {lock.acquire(timeout=5)}"


@shape("[2.0, 4.0, 6.0]", 6)
def lock_held_while_sleeping(ctx, text):
    lock, began, ends = threading.Lock(), time.monotonic(), []

    def work():
        with lock:
            time.sleep(2)
            ends.append(took(began))

    with ThreadPoolExecutor(3) as pool:
        for _ in range(3):
            pool.submit(work)
    return ends


@shape("False True", 3)
def reentrant_lock(ctx, text):
    lock, held = threading.RLock(), threading.Event()

    def hold():
        with lock, lock:
            held.set()
            time.sleep(3)

    threading.Thread(target=hold).start()
    held.wait()
    return f"{lock.acquire(timeout=1)} {lock.acquire(timeout=5)}"


@shape("False", 7)
def semaphore(ctx, text):
    return threading.Semaphore(0).acquire(timeout=7)


@shape("[1.0, 1.0, 2.0, 2.0]", 2)
def semaphore_lets_two_in(ctx, text):
    gate, began, ends = threading.BoundedSemaphore(2), time.monotonic(), []

    def work():
        with gate:
            time.sleep(1)
            ends.append(took(began))

    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(work)
    return ends


@shape("False 5.0", 5)
def condition_waits_for_a_predicate(ctx, text):
    condition, began = threading.Condition(), time.monotonic()
    with condition:
        return f"{condition.wait_for(lambda: False, timeout=5)} {took(began)}"


@shape("False True", 3)
def condition_times_out_then_is_notified(ctx, text):
    condition = threading.Condition()

    def notify():
        with condition:
            condition.notify()

    after(3, notify)
    with condition:
        return f"{condition.wait(1)} {condition.wait(10)}"


@shape("BrokenBarrierError", 3)
def barrier_breaks(ctx, text):
    return or_timeout(lambda: threading.Barrier(2).wait(timeout=3))


@shape("[0, 1, 2]", 3)
def barrier_meets(ctx, text):
    barrier, places = threading.Barrier(3), []
    threads = [after(seconds, lambda: places.append(barrier.wait())) for seconds in (1, 2, 3)]
    for thread in threads:
        thread.join()
    return sorted(places)


@shape("True 4.0", 4)
def timer(ctx, text):
    fired, began = threading.Event(), time.monotonic()
    threading.Timer(4, fired.set).start()
    return f"{fired.wait()} {took(began)}"


@shape("['b', 'a']", 9)
def scheduler_of_the_standard_library(ctx, text):
    done, planned = [], sched.scheduler()
    planned.enter(9, 1, done.append, ("a",))
    planned.enter(3, 1, done.append, ("b",))
    planned.run()
    return done


@shape("[] 8.0", 8)
def select_times_out(ctx, text):
    one, other = socket.socketpair()
    with one, other:
        began = time.monotonic()
        return f"{select.select([one], [], [], 8)[0]} {took(began)}"


@shape("b'x' 2.0", 2)
def select_sees_what_a_thread_sends(ctx, text):
    one, other = socket.socketpair()
    with one, other:
        began = time.monotonic()
        after(2, lambda: other.send(b"x"))
        select.select([one], [], [], 8)
        return f"{one.recv(1)} {took(began)}"


@shape("[] 3.0 [] 5.0", 5)
def selectors_by_their_names(ctx, text):
    one, other = socket.socketpair()
    began, told = time.monotonic(), []
    for made, seconds in ((selectors.SelectSelector, 3), (selectors.PollSelector, 2)):
        with made() as selector:
            selector.register(one, selectors.EVENT_READ)
            told += [str(selector.select(seconds)), str(took(began))]
    one.close()
    other.close()
    return " ".join(told)


@shape("False True", 4)
def pipe_between_threads(ctx, text):
    one, other = multiprocessing.Pipe()
    with one, other:
        after(4, lambda: other.send("late"))
        return f"{one.poll(3)} {one.poll(3)}"


@shape(0.3, 0.3)
def three_tools_at_once_take_as_long_as_one(ctx, text):
    began = time.monotonic()
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(time.sleep, [0.3] * 3))
    return took(began)


@shape("[20, 10]", 20)
def two_sleepers_and_their_order(ctx, text):
    ends = []

    def work(seconds):
        time.sleep(seconds)
        ends.insert(0, seconds)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, [20, 10]))
    return ends


@shape(35.0, 35)
def event_in_a_pool(ctx, text):
    began = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(threading.Event().wait, 35).result()
    return took(began)


@shape("ping pong ping pong", 4)
def two_threads_in_turn(ctx, text):
    one, other, said = threading.Event(), threading.Event(), []

    def play():
        for _ in range(2):
            one.wait()
            one.clear()
            said.append("pong")
            time.sleep(1)
            other.set()

    thread = threading.Thread(target=play)
    thread.start()
    for _ in range(2):
        said.append("ping")
        time.sleep(1)
        one.set()
        other.wait()
        other.clear()
    thread.join()
    return " ".join(said)


@shape("done", 5)
def reads_the_clock_only(ctx, text):
    end = time.monotonic() + 5
    while time.monotonic() < end:
        pass
    return "done"


@shape(5.0, 5)
def numbered_clock(ctx, text):
    began = time.clock_gettime(time.CLOCK_MONOTONIC)
    time.sleep(5)
    return round(time.clock_gettime(time.CLOCK_MONOTONIC) - began, 6)


@shape(True, 50)
def processor_time_does_not_pass_in_sleep(ctx, text):
    began = time.process_time()
    time.sleep(50)
    return time.process_time() - began < 1


@shape("TimeoutError 5.0", 5)
async def loop_gives_up_before_the_reply(ctx, text):
    began = time.monotonic()
    try:
        async with asyncio.timeout(5):
            return await ask_async()
    except TimeoutError:
        return f"TimeoutError {took(began)}"


@shape("[1, 2, 3]", 3)
async def gather(ctx, text):
    async def job(seconds):
        await asyncio.sleep(seconds)
        return seconds

    return await asyncio.gather(*(job(seconds) for seconds in (1, 2, 3)))


@shape(0.3, 0.3)
async def three_threads_of_a_loop(ctx, text):
    began = time.monotonic()
    await asyncio.gather(*(asyncio.to_thread(time.sleep, 0.3) for _ in range(3)))
    return took(began)


@shape("TimeoutError 5.0", 20)
async def loop_gives_up_before_its_thread(ctx, text):
    began = time.monotonic()
    try:
        await asyncio.wait_for(asyncio.to_thread(time.sleep, 20), 5)
    except TimeoutError:
        return f"TimeoutError {took(began)}"


@shape("late 2.0", 2)
async def thread_wakes_a_loop(ctx, text):
    loop, began = asyncio.get_running_loop(), time.monotonic()
    future = loop.create_future()
    after(2, lambda: loop.call_soon_threadsafe(future.set_result, "late"))
    return f"{await future} {took(began)}"


@shape("TimeoutError 3.0", 10)
def loop_in_a_thread_is_asked_from_outside(ctx, text):
    loop, began = asyncio.new_event_loop(), time.monotonic()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    future = asyncio.run_coroutine_threadsafe(asyncio.sleep(10, "late"), loop)
    early = or_timeout(lambda: future.result(3))
    told = f"{early} {took(began)}"
    future.result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
    return told


@shape("hi", 30)
async def thread_asks_for_a_loop(ctx, text):
    return await asyncio.to_thread(ask)


@shape("hi", 30)
def loop_in_a_pool_asks(ctx, text):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, ask_async()).result()


@shape("2.0 False", 2)
async def anyio_gives_up(ctx, text):
    began = time.monotonic()
    with anyio.move_on_after(2) as scope:
        await anyio.sleep(60)
    return f"{took(began)} {not scope.cancelled_caught}"


@shape(4.0, 4)
async def anyio_threads(ctx, text):
    began = time.monotonic()
    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(anyio.to_thread.run_sync, time.sleep, 4)
    return took(began)


@shape("hi", 31)
def anyio_portal(ctx, text):
    with anyio.from_thread.start_blocking_portal() as portal:
        portal.call(anyio.sleep, 1)
        return portal.call(ask_async)


@shape("ready 1.0", 1)
async def polls_with_sleep_of_nothing(ctx, text):
    flag, began = threading.Event(), time.monotonic()
    after(1, flag.set)
    while not flag.is_set():
        await asyncio.sleep(0.25)
    return f"ready {took(began)}"


@shape("hi 2", 62)
def backs_off_in_the_pool(ctx, text):
    tries = []

    def job():
        while True:
            tries.append(1)
            if len(tries) == 2:
                return ask()
            threading.Event().wait(32)

    with ThreadPoolExecutor(1) as pool:
        return f"{pool.submit(job).result()} {len(tries)}"


def impatient(client, attempts):
    """A client that gives up the reply after 10 s, and backs off before it asks again."""
    return client(timeout=10, max_retries=attempts - 1)


def or_given_up(action):
    try:
        return action()
    except anthropic.APITimeoutError as exc:
        return type(exc).__name__


@shape("APITimeoutError", 31.421809)
def sdk_backs_off(ctx, text):
    client = impatient(anthropic.Anthropic, 3)
    return or_given_up(lambda: client.messages.create(**ASK))


@shape("APITimeoutError", 31.421809)
async def sdk_backs_off_in_a_loop(ctx, text):
    try:
        return await impatient(anthropic.AsyncAnthropic, 3).messages.create(**ASK)
    except anthropic.APITimeoutError as exc:
        return type(exc).__name__


@shape("['APITimeoutError', 'APITimeoutError']", 31.463035)
def two_sdks_back_off_in_a_pool(ctx, text):
    clients = [impatient(anthropic.Anthropic, 3) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(or_given_up, lambda one=one: one.messages.create(**ASK)) for one in clients]
        return [one.result() for one in asked]


@shape("TimeoutError then hi", 35)
async def loop_gives_up_a_thread_that_asks_and_asks_itself(ctx, text):
    asked = asyncio.get_running_loop().run_in_executor(None, ask)
    try:
        return await asyncio.wait_for(asyncio.shield(asked), 5)
    except TimeoutError:
        return f"TimeoutError then {await ask_async()}"


def late(signum, frame):
    raise TimeoutError("took too long")


@shape("TimeoutError 5.0", 5)
def alarm_ends_a_sleep(ctx, text):
    signal.signal(signal.SIGALRM, late)
    began = time.monotonic()
    signal.alarm(5)
    return f"{or_timeout(lambda: time.sleep(60))} {took(began)}"


@shape("APIConnectionError 5.0", 5)
def alarm_ends_a_request(ctx, text):
    signal.signal(signal.SIGALRM, late)
    began = time.monotonic()
    signal.setitimer(signal.ITIMER_REAL, 5)
    try:
        return ask()
    except anthropic.APIConnectionError as exc:
        return f"{type(exc).__name__} {took(began)}"


@shape("hi 40 left", 30)
def alarm_that_is_taken_back(ctx, text):
    signal.signal(signal.SIGALRM, late)
    signal.alarm(70)
    return f"{ask()} {signal.alarm(0)} left"


@shape("rung 5.0", 5)
async def alarm_is_heard_by_a_loop(ctx, text):
    rung, loop, began = asyncio.Event(), asyncio.get_running_loop(), time.monotonic()
    loop.add_signal_handler(signal.SIGALRM, rung.set)
    signal.alarm(5)
    await asyncio.wait_for(rung.wait(), 60)
    loop.remove_signal_handler(signal.SIGALRM)
    return f"rung {took(began)}"


@shape("5.0", 5)
def pause_ends_with_the_alarm(ctx, text):
    signal.signal(signal.SIGALRM, lambda *ignored: None)
    began = time.monotonic()
    signal.alarm(5)
    signal.pause()
    return took(began)


@shape("TimeoutError 2.0", 9)
def alarm_ends_a_wait_for_another_thread(ctx, text):
    signal.signal(signal.SIGALRM, late)
    waiting, began = queue.Queue(), time.monotonic()
    thread = after(9, lambda: waiting.put(1))
    signal.alarm(2)
    told = f"{or_timeout(waiting.get)} {took(began)}"
    thread.join()
    return told


@shape("[1.0, 2.0, 3.0] 3.5", 3.5)
def alarm_that_only_ticks(ctx, text):
    began, ticks = time.monotonic(), []
    signal.signal(signal.SIGALRM, lambda *ignored: ticks.append(took(began)))
    signal.setitimer(signal.ITIMER_REAL, 1, 1)
    time.sleep(3.5)
    signal.setitimer(signal.ITIMER_REAL, 0)
    return f"{ticks} {took(began)}"


@shape("late 3.5", 3.5)
def ticks_do_not_end_a_wait_for_another_thread(ctx, text):
    began, waiting = time.monotonic(), queue.SimpleQueue()
    signal.signal(signal.SIGALRM, lambda *ignored: time.sleep(0.1))
    signal.setitimer(signal.ITIMER_REAL, 1, 1)
    after(3.5, lambda: waiting.put("late"))
    told = f"{waiting.get(timeout=30)} {took(began)}"
    signal.setitimer(signal.ITIMER_REAL, 0)
    return told
