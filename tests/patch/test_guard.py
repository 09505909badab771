"""Offline means offline: every way out is refused and fails the run, whatever the agent caught."""

import asyncio
import multiprocessing
import os
import socket
import sqlite3
import subprocess
import sys
import threading
import urllib.request

import httpx
import pytest

from agent_chaos.errors import GuardRefused
from agent_chaos.patch.install import offline_environment
from agent_chaos.runtime.active import running
from tests.trials import recorded, scenario, trial


def refused(trace):
    return [incident.detail for incident in trace.incidents_of("refused")]


def run(agent, **fields):
    one = scenario(agent, **fields)
    return trial(one, recorded(scenario(lambda ctx, text: "recorded"), []))


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        yield server


def reached(listener: socket.socket) -> bool:
    try:
        listener.accept()
    except TimeoutError:
        return False
    return True


def swallowing(connect):
    def agent(ctx, text):
        try:
            connect()
        except Exception as exc:
            return f"caught {type(exc).__name__}"
        return "connected"

    return agent


def test_a_raw_socket_is_refused_and_the_run_remembers(listener):
    address = listener.getsockname()
    trace = run(swallowing(lambda: socket.create_connection(address)))

    assert trace.answers[0].text == "caught GuardRefused"
    assert refused(trace) == [f"127.0.0.1:{address[1]}"]
    assert not reached(listener)


def test_a_datagram_is_refused(listener):
    def send():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"x", ("127.0.0.1", 9))

    assert refused(run(swallowing(send))) == ["127.0.0.1:9"]


def test_a_name_is_not_resolved():
    trace = run(swallowing(lambda: socket.getaddrinfo("tool.example.com", 443)))

    assert refused(trace) == ["tool.example.com"]


def test_urllib_is_refused(listener):
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/"

    assert refused(run(swallowing(lambda: urllib.request.urlopen(url))))
    assert not reached(listener)


def test_an_http_client_is_refused_for_a_host_that_was_not_recorded(listener):
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/"

    assert refused(run(swallowing(lambda: httpx.get(url)))) == ["127.0.0.1"]


def test_an_asyncio_connection_is_refused(listener):
    address = listener.getsockname()

    async def agent(ctx, text):
        try:
            await asyncio.open_connection(*address[:2])
        except OSError:
            return "caught"

    assert refused(run(agent))
    assert not reached(listener)


def test_a_thread_of_the_run_is_refused_too(listener):
    address = listener.getsockname()

    def agent(ctx, text):
        thread = threading.Thread(
            target=swallowing(lambda: socket.create_connection(address)), args=(None, "")
        )
        thread.start()
        thread.join()
        return "ok"

    assert refused(run(agent))
    assert not reached(listener)


@pytest.mark.parametrize(
    "look_up",
    [
        lambda: socket.gethostbyname("example.com"),
        lambda: socket.gethostbyaddr("example.com"),
        lambda: socket.getnameinfo(("192.0.2.1", 80), 0),
    ],
    ids=["gethostbyname", "gethostbyaddr", "getnameinfo"],
)
def test_a_look_up_of_any_kind_is_refused(look_up):
    trace = run(swallowing(look_up))

    assert trace.answers[0].text == "caught GuardRefused"
    assert refused(trace)


def test_a_unix_socket_is_refused(tmp_path):
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        with socket.socket(socket.AF_UNIX) as client:
            trace = run(swallowing(lambda: client.connect(path)))

    assert refused(trace) == [path]


def test_the_name_of_the_loopback_is_known_without_asking():
    def agent(ctx, text):
        return [socket.gethostbyaddr("127.0.0.1")[0], socket.getfqdn("::1")]

    with offline_environment():
        trace = run(agent)

    assert trace.answers[0].value == ["localhost", "localhost"]
    assert not trace.incidents


def by_multiprocessing(method):
    process = multiprocessing.get_context(method).Process(target=print)
    process.start()
    process.join()


@pytest.mark.parametrize(
    ("named", "copies"),
    [
        ("os.fork", os.fork),
        ("multiprocessing's 'fork'", lambda: by_multiprocessing("fork")),
        ("multiprocessing's 'forkserver'", lambda: by_multiprocessing("forkserver")),
    ],
)
def test_a_copy_of_the_process_is_refused_by_the_name_of_what_was_called(named, copies):
    trace = run(swallowing(copies))
    (incident,) = trace.incidents_of("harness")

    assert named in incident.detail
    assert "subprocess" in incident.detail
    assert not trace.answers


def test_programs_are_listed_however_they_are_started():
    def agent(ctx, text):
        os.system("true")
        os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
        return "ok"

    assert len(run(agent).incidents_of("subprocess")) == 2


def test_a_process_of_multiprocessing_is_listed_like_a_program():
    trace = run(lambda ctx, text: by_multiprocessing("spawn"))

    assert "multiprocessing" in trace.incidents_of("subprocess")[0].detail


def test_a_thread_without_a_run_is_refused_while_one_is_active(listener):
    address, asked, done = listener.getsockname(), threading.Event(), []

    def beside():
        asked.wait()
        try:
            socket.create_connection(address)
        except GuardRefused as exc:
            done.append(exc)

    with offline_environment():
        thread = threading.Thread(target=beside)
        thread.start()

        def agent(ctx, text):
            asked.set()
            thread.join()
            return "ok"

        trace = run(agent)

    assert len(done) == 1
    assert refused(trace) == [f"{address[0]}:{address[1]}"]
    assert not reached(listener)


def test_a_finaliser_that_runs_between_trials_is_refused(listener):
    address, done = listener.getsockname(), []

    class Parting:
        def __init__(self):
            self.itself = self

        def __del__(self):
            try:
                socket.create_connection(address)
            except GuardRefused as exc:
                done.append(exc)

    def agent(ctx, text):
        Parting()
        return "ok"

    run(agent)

    assert len(done) == 1
    assert not reached(listener)


def test_garbage_of_a_run_is_not_collected_within_it():
    collected = []

    class Parting:
        def __init__(self):
            self.itself = self

        def __del__(self):
            collected.append(running())

    def agent(ctx, text):
        for _ in range(5_000):
            Parting()
        return str(len(collected))

    assert run(agent).answers[0].text == "0"
    assert collected
    assert not any(collected)


def test_telemetry_is_refused_and_listed_without_failing_the_run():
    trace = run(swallowing(lambda: httpx.post("https://us.i.posthog.com/batch")))

    assert not refused(trace)
    assert [incident.detail for incident in trace.incidents_of("telemetry")] == ["us.i.posthog.com"]


def test_a_report_to_a_host_that_also_answers_for_models_is_telemetry():
    trace = run(swallowing(lambda: httpx.post("https://api.openai.com/v1/traces/ingest", json={"data": []})))

    assert not refused(trace)
    assert [incident.detail for incident in trace.incidents_of("telemetry")] == ["api.openai.com"]


def test_ignored_hosts_are_refused_quietly():
    trace = run(
        swallowing(lambda: httpx.get("https://metrics.internal/x")), ignore_hosts=("metrics.internal",)
    )

    assert not refused(trace)


@pytest.mark.parametrize(("copies", "expected"), [(True, {"copied"}), (False, {"sqlite", "file"})])
def test_effects_on_the_machine_are_listed(copies, expected, tmp_path):
    database, file = tmp_path / "shop.db", tmp_path / "out.txt"

    def agent(ctx, text):
        sqlite3.connect(database).close()
        file.write_text("x")
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        return "ok"

    nothing = recorded(scenario(lambda ctx, text: "recorded"), [])
    kinds = {incident.kind for incident in trial(scenario(agent), nothing, copies_files=copies).incidents}

    assert kinds == {"subprocess", *expected}
    assert file.exists() is not copies


def test_the_guard_is_inert_outside_of_a_run(listener):
    run(lambda ctx, text: "ok")
    socket.create_connection(listener.getsockname()).close()

    assert reached(listener)


def test_a_thread_that_outlives_its_trial_is_reported_and_refused():
    released, met = threading.Event(), []

    def late():
        released.wait()
        try:
            httpx.get("https://api.anthropic.com/v1/messages")
        except Exception as exc:
            met.append(exc)

    def agent(ctx, text):
        ctx.agent_state["thread"] = thread = threading.Thread(target=late, name="late one", daemon=True)
        threads.append(thread)
        thread.start()
        return "ok"

    threads: list[threading.Thread] = []
    trace = run(agent)
    released.set()
    threads[0].join()

    assert [incident.detail for incident in trace.incidents_of("thread")] == [
        "thread late one outlived its trial"
    ]
    assert isinstance(met[0], GuardRefused)
