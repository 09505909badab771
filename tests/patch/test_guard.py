"""Offline means offline: every way out is refused and fails the run, whatever the agent caught."""

import asyncio
import socket
import sqlite3
import subprocess
import sys
import threading
import urllib.request

import httpx
import pytest

from agent_chaos.errors import GuardRefused
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


def test_effects_on_the_machine_are_listed(tmp_path):
    database, file = tmp_path / "shop.db", tmp_path / "out.txt"

    def agent(ctx, text):
        sqlite3.connect(database).close()
        file.write_text("x")
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        return "ok"

    kinds = {incident.kind for incident in run(agent).incidents}

    assert {"sqlite", "file", "subprocess"} <= kinds


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
