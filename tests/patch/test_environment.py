"""A library call leaves the user's process as it was."""

import gc
import json
import os
import shutil

import pytest

from agent_chaos.patch.install import offline_environment, release, report
from agent_chaos.patch.time import collector
from agent_chaos.patch.time.collector import imports_uncollected
from agent_chaos.runtime.seams import Changes, Environment, Seam
from tests.forked import ROOT, command

SCRIPT = """
import asyncio, contextlib, gc, http.client, io, json, locale, logging, multiprocessing.util, os, queue, random, sched, select
import selectors, signal, socket, ssl, subprocess, sys, threading, time, uuid, warnings
import _thread
from asyncio import base_events
from concurrent.futures import ThreadPoolExecutor
import aiohttp, anthropic, httpx, httpx2, openai, pytest, requests, urllib3.connection
import agent_chaos
from agent_chaos.patch import guard
from agent_chaos.patch.time import collector
sys.path.insert(0, "scenarios")
import refund
with contextlib.suppress(ImportError):
    import numpy.random
generators = sys.modules.get("numpy.random")

def run():
    return agent_chaos.run_scenario(refund.refund_scenario).passed

def session():
    plugins = ["-p", "agent_chaos.pytest_plugin", "-p", "no:cacheprovider", "-p", "no:logging"]
    chosen = ["--chaos", "--chaos-examples", "1", "scenarios/refund.py"]
    with contextlib.redirect_stdout(io.StringIO()):
        return pytest.main(["-q", *plugins, *chosen]) in (0, 1)

def functions():
    owners = (time, threading, _thread, queue, select, selectors, ssl, os, random, sys, http.client, asyncio, signal, uuid,
              threading.Thread, threading.Condition, ThreadPoolExecutor, base_events.BaseEventLoop, random.Random,
              http.client.HTTPConnection, urllib3.connection, httpx2.HTTPTransport, httpx2.AsyncHTTPTransport, httpx2,
              httpx.HTTPTransport, httpx.AsyncHTTPTransport, aiohttp.TCPConnector, aiohttp.ClientResponse, requests, socket,
              multiprocessing.util, subprocess, *filter(None, [generators]), anthropic._base_client, openai._base_client)
    return {
        f"{getattr(owner, '__name__', owner)}.{name}": id(vars(owner).get(name))
        for owner in owners
        for name in vars(owner)
        if not name.startswith(("__", "last_")) and callable(vars(owner).get(name))
    }

def waking():
    found = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(found)
    return found

def state():
    left, _ = signal.getitimer(signal.ITIMER_REAL)
    handled = (signal.SIGALRM, signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)
    key_filters = logging.getLogger("google_genai._api_client").filters
    return functions() | {
        "folder": os.getcwd(),
        "environ": dict(os.environ),
        "contexts shared": ssl.create_default_context() is ssl.create_default_context(),
        "handlers": [id(signal.getsignal(number)) for number in handled],
        "timer armed": 10 < left <= 1000,
        "frozen": gc.get_freeze_count(),
        "collector": (gc.isenabled(), gc.get_threshold()),
        "depth": sys.getrecursionlimit(),
        "random": hash(random.getstate()),
        "numpy": generators and hash(str(generators.get_state())),
        "zone": (time.tzname, os.environ.get("TZ"), locale.setlocale(locale.LC_ALL)),
        "files": len(os.listdir("/proc/self/fd")),
        "waking": waking(),
        "real threads": len(os.listdir("/proc/self/task")),
        "finders": [type(finder).__name__ for finder in sys.meta_path],
        "modules taken out": [name for name, module in sys.modules.items() if module is None],
        "sched": [id(value) for value in sched.scheduler.__init__.__defaults__],
        "policy": id(asyncio.get_event_loop_policy()),
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "hooks": [id(hook) for hook in (sys.excepthook, sys.unraisablehook, threading.excepthook)],
        "traced": (sys.gettrace() is None, sys.getprofile() is None),
        "warnings": [str(one) for one in warnings.filters],
        "logging": (logging.root.level, logging.root.manager.disable, len(logging.root.handlers), len(key_filters),
                    len(logging._handlers), logging.getLoggerClass().__name__, logging.raiseExceptions),
        "guard": (guard._state["active"], guard._state["shut"]),
        "streams": (id(sys.stdout), id(sys.stderr), os.fstat(1).st_ino, os.fstat(2).st_ino),
        "wall clock": abs(time.time() - START_S - (time.monotonic() - STARTED_S)) < 5,
    }

gc.unfreeze()  # what the process that this is a copy of has frozen
collector._seen["frozen by others"] = False
START_S, STARTED_S = time.time(), time.monotonic()
signal.signal(signal.SIGALRM, lambda *ignored: None)
signal.setitimer(signal.ITIMER_REAL, 1000)
asyncio.get_event_loop_policy()
what = {"run": run, "session": session}[sys.argv[1]]
before = state()
passed = what()
def differing():
    after = state()
    return [name for name in before | after if before.get(name) != after.get(name)]

# The system lists a thread for a moment after it has ended, and what it held open; one that stays is still told.
given_up_s = time.monotonic() + 30
while (left := differing()) and {"threads", "real threads", "files"}.issuperset(left) and time.monotonic() < given_up_s:
    time.sleep(0.01)
print(json.dumps([passed, left]))
"""


@pytest.mark.parametrize("what", ["run", "session"])
def test_a_run_and_a_session_of_pytest_leave_the_process_as_it_was(what, tmp_path):
    for folder in ("scenarios", "cassettes"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    environ = {
        name: value for name, value in os.environ.items() if not name.endswith(("_API_KEY", "_CURRENT_TEST"))
    }
    environ |= {"ANTHROPIC_API_KEY": "sk-mine", "HTTPS_PROXY": "http://proxy.corp:3128"}
    environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    (tmp_path / "probe.py").write_text(SCRIPT)
    done = command(tmp_path, what, module="probe", environment=environ)

    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == [True, []]


def test_offline_litellm_does_not_ask_for_its_list_of_prices():
    """It would ask again and again from a thread that goes on while an agent runs, which then seems to leave the machine."""
    with offline_environment():
        assert os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] == "True"


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


def test_the_collector_rests_while_a_target_is_imported_and_works_after_that(monkeypatch):
    release()  # other tests may have installed it for good, and frozen what they made
    gc.unfreeze()
    monkeypatch.setitem(collector._seen, "frozen by others", False)
    with offline_environment(), imports_uncollected():
        rests = not gc.isenabled()

    assert (rests, gc.isenabled(), gc.get_freeze_count()) == (True, True, 0)


def test_what_others_froze_stays_frozen_each_time(monkeypatch):
    release()
    gc.unfreeze()
    monkeypatch.setitem(collector._seen, "frozen by others", False)
    gc.freeze()
    left = []
    for _ in range(2):
        with offline_environment():
            pass
        left.append(gc.get_freeze_count() > 0)
    gc.unfreeze()

    assert left == [True, True]


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
