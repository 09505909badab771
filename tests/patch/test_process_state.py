"""What an agent does to its process in one run is over with it."""

import asyncio
import builtins
import gc
import json
import os
import resource
import signal
import sys
import threading
import time

import httpx2
import pytest

from agent_chaos.patch.descriptors import is_open
from agent_chaos.patch.install import environment
from agent_chaos.patch.process_state import process_kept
from agent_chaos.trial.rehearsal import Rehearsal
from tests.patch.timing_shapes import ask
from tests.trials import claude_says, recorded, scenario, trial


class OwnPolicy(asyncio.DefaultEventLoopPolicy):
    """Of another loop than the one before."""


def closes_its_output():
    os.close(2)


def loses_modules():
    del sys.modules["json"]
    sys.modules["anthropic"] = None


DONE = {
    "its folder": lambda: os.chdir("/"),
    "its environment": os.environ.clear,
    "how deep it may call": lambda: sys.setrecursionlimit(500),
    "when it collects": lambda: gc.set_threshold(7),
    "what an exception does": lambda: setattr(sys, "excepthook", None),
    "what an exception of a thread does": lambda: setattr(threading, "excepthook", None),
    "what a signal does": lambda: signal.signal(signal.SIGTERM, lambda *args: None),
    "what Ctrl-C does": lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    "its event loops": lambda: asyncio.set_event_loop_policy(OwnPolicy()),
    "its clock": lambda: setattr(time, "monotonic", float),
    "its sleep": lambda: setattr(time, "sleep", float),
    "its threads": lambda: setattr(threading.Thread, "start", float),
    "its HTTP client": lambda: setattr(httpx2.HTTPTransport, "handle_request", None),
    "its output": closes_its_output,
    "its language": lambda: setattr(builtins, "input", None),
    "what its own code rests on": lambda: setattr(builtins, "isinstance", lambda *args: False),
    "how it writes JSON": lambda: (setattr(json, "dumps", str), setattr(json, "loads", None)),
    "how large its files may be": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),
    "its modules": loses_modules,
    "where it finds modules": lambda: (sys.path.clear(), sys.meta_path.clear(), sys.path_hooks.clear()),
}


def state():
    return {
        "folder": os.getcwd(),
        "environment": dict(os.environ),
        "limits": (sys.getrecursionlimit(), gc.get_threshold()),
        "hooks": (sys.excepthook, threading.excepthook),
        "handlers": [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)],
        "policy": asyncio.get_event_loop_policy(),
        "clock": (time.monotonic, time.sleep, threading.Thread.start),
        "client": httpx2.HTTPTransport.handle_request,
        "files": (json.dumps, json.loads, resource.getrlimit(resource.RLIMIT_FSIZE)),
        "language": (builtins.input, builtins.isinstance),
        "finders": [list(one) for one in (sys.path, sys.meta_path, sys.path_hooks)],
        "modules": (sys.modules["json"], sys.modules["anthropic"]),
        "output": os.fstat(2).st_ino,
    }


@pytest.fixture(scope="module")
def cassette():
    return recorded(scenario(lambda ctx, text: ask()), [claude_says("hi")])


@pytest.mark.parametrize("what", DONE)
def test_a_run_is_over_with_all_that_it_did_to_its_process(what, cassette):
    def agent(ctx, text):
        said = ask()
        DONE[what]()
        return said

    with environment():
        before = state()
        trace = trial(scenario(agent), cassette)
        after = state()

    assert [answer.text for answer in trace.answers] == ["hi"]
    assert after == before


def test_an_agent_that_closes_all_descriptors_closes_those_of_its_run_alone(cassette):
    kept = os.dup(0)
    own, left = [], []

    def agent(ctx, text):
        own.append(os.dup(0))
        os.closerange(min(kept, *own), max(kept, *own) + 1)
        left.extend(fd for fd in own if is_open(fd))
        return ask()

    try:
        trace = trial(scenario(agent), cassette)
        assert is_open(kept)
    finally:
        os.close(kept)

    assert [answer.text for answer in trace.answers] == ["hi"]
    assert own
    assert not left


def test_a_limit_that_nobody_without_rights_could_raise_again_is_not_lowered_so_far(cassette):
    before = resource.getrlimit(resource.RLIMIT_CORE)[1]
    seen = []

    def agent(ctx, text):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.prlimit(0, resource.RLIMIT_CORE, (0, 0))
        seen.append(resource.getrlimit(resource.RLIMIT_CORE))
        return ask()

    trial(scenario(agent), cassette)

    assert seen == [(0, before)]


def test_a_search_of_an_agent_that_changes_its_folder_is_steady(tmp_path, monkeypatch, cassette):
    """The folder is left by a relative path, which is there in the first run alone unless the next begins where it began."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "work").mkdir()

    def agent(ctx, text):
        os.chdir("work")
        return ask()

    Rehearsal(scenario(agent), cassette=cassette).prepare()

    assert os.getcwd() == str(tmp_path)


def test_a_variable_that_a_run_adds_stays_as_a_library_that_is_imported_once_needs_it(monkeypatch, cassette):
    monkeypatch.setenv("LIBRARY_SET_UP", "")
    monkeypatch.delenv("LIBRARY_SET_UP")

    def agent(ctx, text):
        os.environ.setdefault("LIBRARY_SET_UP", "1")
        return ask()

    trial(scenario(agent), cassette)

    assert os.environ["LIBRARY_SET_UP"] == "1"


def test_a_plain_dict_in_place_of_the_environment_is_put_back_too(monkeypatch):
    monkeypatch.setattr(os, "environ", {"REGION": "eu"})
    with process_kept():
        os.environ["REGION"] = "us"

    assert os.environ == {"REGION": "eu"}
