"""What an agent changes of its process in a run is taken back: the next run, and the command, find it as it was."""

from __future__ import annotations

import asyncio
import builtins
import gc
import importlib
import importlib.util
import io
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from operator import is_
from typing import Any

from agent_chaos.patch.descriptors import descriptors_noted, is_open
from agent_chaos.runtime.imported_names import modules_now

_STREAMS = (0, 1, 2)
_PYTHONS_DEPTH = 1_000
_Undo = Callable[[], object]
_RESTS_ON = (builtins, os, os.path, io, json, json.decoder, json.encoder)
"""What files are written and read with after a run."""
_SIGNALS = tuple(
    vars(signal)[name]
    for name in (
        "SIGINT",
        "SIGTERM",
        "SIGHUP",
        "SIGQUIT",
        "SIGALRM",
        "SIGCHLD",
        "SIGUSR1",
        "SIGUSR2",
        "SIGPIPE",
    )
    if name in vars(signal)
)
"""Those that programs handle; to ask for all sixty takes half a millisecond."""
_resource: Any = importlib.import_module("resource") if importlib.util.find_spec("resource") else None
_RESOURCES: tuple[int, ...] = (
    ()
    if _resource is None  # Windows has none
    else tuple(sorted({value for name, value in vars(_resource).items() if name.startswith("RLIMIT_")}))
)
# Below `signal.getsignal`, which looks for the handler among the members of an enumeration first.
_handler_of = vars(importlib.import_module("_signal"))["getsignal"]


@contextmanager
def process_kept() -> Iterator[None]:
    """Puts back, after the block, what it changed of the folder, the environment, hooks, limits, signal handlers, Python's
    functions and imported modules, and standard streams that it closed.

    Variables that it only added stay: a library sets some once, as it is imported, and is not imported again.
    """
    with ExitStack() as undo:
        # Undone from the last to the first: without Python's own functions the others cannot be.
        for keeps in (
            _imports,
            _folder,
            _variables,
            _limits,
            _hooks,
            _loop_policy,
            _handlers,
            _streams,
            descriptors_noted,
            _modules,
            _builtins,
        ):
            undo.callback(keeps())
        yield


@contextmanager
def builtins_kept() -> Iterator[None]:
    """Puts Python's own functions back at once, where what is done next needs them."""
    undo = _builtins()
    try:
        yield
    finally:
        undo()


def _imports() -> _Undo:
    """Where modules are looked for. What was only added stays, as a library adds its own finder once."""
    places: tuple[list[Any], ...] = (sys.path, sys.meta_path, sys.path_hooks)
    # Changed in place at the end: others hold these very lists.
    kept = [(one, list(one)) for one in places]

    def undo() -> None:
        for now, before in kept:
            if now[: len(before)] != before:
                now[:] = [*before, *(one for one in now if one not in before)]

    return undo


def _modules() -> _Undo:
    """What was imported by now; what is imported meanwhile stays, since nobody imports it again."""
    before = modules_now()

    def undo() -> None:
        # New ones come last, so that equal beginnings say at once that nothing was lost; thousands of objects are not
        # looked at more often than they must be, which costs as much as a request.
        if len(sys.modules) < len(before) or not all(map(is_, sys.modules.values(), before.values())):
            sys.modules.update(before)

    return undo


def _builtins() -> _Undo:
    kept = [(vars(module), dict(vars(module))) for module in _RESTS_ON]

    def undo() -> None:
        for names, before in kept:
            # New names come last, and C finds out for all at once that the others are what they were.
            if len(names) < len(before) or not all(map(is_, names.values(), before.values())):
                names.update(before)

    return undo


def _folder() -> _Undo:
    try:
        before = os.getcwd()
    except OSError:  # it was removed
        return lambda: None

    def undo() -> None:
        with suppress(OSError):
            os.chdir(before)

    return undo


def _variables() -> _Undo:
    # Private, and as long as Python has had an environment of strings: to read every variable through `os.environ`, which
    # decodes name and value, takes as long as a request. A test may have put a plain dict in its place.
    held: Any = getattr(os.environ, "_data", os.environ)
    before = dict(held)

    def undo() -> None:
        if not before.items() <= held.items():
            os.environ.update({os.fsdecode(name): os.fsdecode(value) for name, value in before.items()})

    return undo


def _limits() -> _Undo:
    depth, thresholds = sys.getrecursionlimit(), gc.get_threshold()
    resources = {number: _resource.getrlimit(number) for number in _RESOURCES}

    def undo() -> None:
        for number, before in resources.items():
            # What C code lowered for good stays so for a user without rights.
            with suppress(ValueError, OSError):
                if _resource.getrlimit(number) != before:
                    _resource.setrlimit(number, before)
        # Only one that hardly any code can live with: Hypothesis moves it, from another thread, while it searches.
        if sys.getrecursionlimit() < min(depth, _PYTHONS_DEPTH):
            sys.setrecursionlimit(depth)
        gc.set_threshold(*thresholds)

    return undo


def _hooks() -> _Undo:
    raised, raised_in_thread, lost = sys.excepthook, threading.excepthook, sys.unraisablehook
    trace, profile = sys.gettrace(), sys.getprofile()

    def undo() -> None:
        sys.excepthook, threading.excepthook, sys.unraisablehook = raised, raised_in_thread, lost
        # Only where they differ: setting them again makes a debugger or a coverage tool lose its place.
        if sys.gettrace() is not trace:
            sys.settrace(trace)
        if sys.getprofile() is not profile:
            sys.setprofile(profile)

    return undo


def _loop_policy() -> _Undo:
    before = asyncio.get_event_loop_policy()
    return lambda: asyncio.set_event_loop_policy(before)


def _handlers() -> _Undo:
    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    before = {number: _handler_of(number) for number in _SIGNALS}

    def undo() -> None:
        for number, handler in before.items():
            # None is a handler that was not set from Python, and cannot be set from there.
            if handler is not None and _handler_of(number) is not handler:
                signal.signal(number, handler)

    return undo


def _streams() -> _Undo:
    # A copy of the descriptor keeps the stream open behind the agent's back, wherever it leads.
    kept = {number: os.dup(number) for number in _STREAMS if is_open(number)}

    def undo() -> None:
        for number, copy in kept.items():
            with suppress(OSError):  # an agent may have closed what it did not open
                if not is_open(number):
                    os.dup2(copy, number)
                os.close(copy)

    return undo
