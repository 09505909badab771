"""A library call leaves the user's process as it was."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent_chaos.patch.install import offline_environment, report
from agent_chaos.runtime.seams import Changes, Environment, Seam

ROOT = Path(__file__).parents[2]

SCRIPT = """
import asyncio, gc, http.client, json, os, queue, random, sched, select, selectors, signal, ssl, sys, threading, time
import _thread
from asyncio import base_events
from concurrent.futures import ThreadPoolExecutor
import anthropic, httpx2
import agent_chaos
sys.path.insert(0, "scenarios")
import refund

def state():
    functions = {
        f"{getattr(owner, '__name__', owner)}.{name}": id(vars(owner).get(name))
        for owner in (time, threading, _thread, queue, select, selectors, ssl, os, random, sys, http.client, asyncio,
                      threading.Thread, threading.Condition, ThreadPoolExecutor, base_events.BaseEventLoop,
                      http.client.HTTPConnection, httpx2.HTTPTransport, httpx2.AsyncHTTPTransport, httpx2, anthropic._base_client)
        for name in vars(owner)
        if not name.startswith("__") and callable(vars(owner).get(name))
    }
    left, _ = signal.getitimer(signal.ITIMER_REAL)
    return functions | {
        "environ": dict(os.environ),
        "contexts shared": ssl.create_default_context() is ssl.create_default_context(),
        "handler": id(signal.getsignal(signal.SIGALRM)),
        "timer armed": 10 < left <= 100,
        "frozen": gc.get_freeze_count(),
        "collector": (gc.isenabled(), gc.get_threshold()),
        "random": hash(random.getstate()),
        "finders": [type(finder).__name__ for finder in sys.meta_path],
        "sched": [id(value) for value in sched.scheduler.__init__.__defaults__],
        "policy": id(asyncio.get_event_loop_policy()),
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "excepthook": id(threading.excepthook),
    }

signal.signal(signal.SIGALRM, lambda *ignored: None)
signal.setitimer(signal.ITIMER_REAL, 100)
asyncio.get_event_loop_policy()
agent_chaos.run_scenario(refund.refund_scenario)  # what is imported on first use is there from now on
before = state()
for _ in range(2):
    report = agent_chaos.run_scenario(refund.refund_scenario)
after = state()
print(json.dumps([report.passed, [name for name in before | after if before.get(name) != after.get(name)]]))
"""


def test_a_run_leaves_the_process_as_it_was():
    environ = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    environ |= {"ANTHROPIC_API_KEY": "sk-mine", "HTTPS_PROXY": "http://proxy.corp:3128"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == [True, []]


def test_what_was_changed_is_put_back_where_a_later_change_fails():
    class Owner:
        value = 1

    def fails(changes: Changes) -> None:
        raise RuntimeError("no such thing")

    environment = Environment(
        Seam("one", lambda changes: changes.replace(Owner, "value", 2)), Seam("two", fails)
    )
    with pytest.raises(RuntimeError), environment:
        pass

    assert Owner.value == 1


def test_an_environment_within_itself_changes_nothing_more_and_is_left_with_the_outer_one():
    seen = []
    environment = Environment(
        Seam("one", lambda changes: (seen.append("on"), changes.on_undo(lambda: seen.append("off")))[0])
    )
    with environment, environment:
        pass

    assert seen == ["on", "off"]


def test_a_key_taken_out_while_the_process_is_offline_is_put_back_for_what_is_entered_within(monkeypatch):
    with offline_environment():
        monkeypatch.delenv("OPENAI_API_KEY")
        with offline_environment():
            within = os.environ.get("OPENAI_API_KEY")
        after = os.environ.get("OPENAI_API_KEY")

    assert within
    assert after is None


def test_every_name_that_a_seam_relies_on_is_there_in_the_installed_releases():
    with offline_environment():
        found = report()

    assert [one for one in found if one.state == "missing"] == []
    assert {one.seam for one in found} >= {"clocks", "threads", "httpx", "http.client", "chance"}


def test_a_name_that_a_release_does_not_have_any_more_is_told():
    seam = Seam(
        "of another release",
        lambda changes: None,
        needs=("threading:_gone", "json:dumps", "no_such_package:x"),
    )

    assert [(one.name, one.state) for one in seam.probe()] == [
        ("threading:_gone", "missing"),
        ("json:dumps", "found"),
        ("no_such_package:x", "absent"),
    ]
