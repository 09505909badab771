"""Loaded into Python programs before their own code (`PYTHONPATH`): their sleeps pass in the run's virtual time.

A sleep is skipped only where nothing else goes on: one thread, and one task where it is asyncio's. The run is asked first
(`/-/wait`), so that its clock is ahead before the program asks anything more. Timeouts of sockets stay real.
"""

from __future__ import annotations

import os
import sys
import time
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

_PLACE = os.environ.get("AGENT_CHAOS_TIME", "")
_HERE = os.path.dirname(os.path.abspath(__file__))
# Below this a real wait costs less than asking for it.
_SHORT_S = 0.005
_STEP_S = 0.01
_LONGEST_S = 10 * 365 * 86_400.0
_CLOCKS = ("time", "monotonic", "perf_counter")

_passed_s = 0.0
_sleep = time.sleep


def _asked(seconds: float) -> bool:
    """Whether the run lets that time pass."""
    # Here, since most programs that are started never sleep, and `socket` takes a while to import.
    import socket

    port = int(_PLACE.split("/")[2].rpartition(":")[2])
    try:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(
                f"GET /-/wait?s={seconds} HTTP/1.1\r\nhost: agent-chaos\r\nconnection: close\r\n\r\n".encode()
            )
            return connection.recv(64).startswith(b"HTTP/1.1 204")
    except OSError:
        return False


def _skipped(seconds: float) -> bool:
    global _passed_s
    threading = sys.modules.get("threading")
    # Another thread goes on in real time meanwhile: it would find that more has passed than it lived through.
    alone = threading is None or threading.active_count() == 1
    # Not what is no number either, and not for ever: the usual function knows what to say to it.
    if not _SHORT_S <= seconds <= _LONGEST_S or not alone or not _asked(seconds):
        return False
    _passed_s += seconds
    return True


def _sleeps(seconds: float) -> None:
    if not _skipped(seconds):
        _sleep(seconds)


def _ahead(name: str) -> None:
    """The clock of that name and its twin in nanoseconds, ahead by what was skipped."""
    usual, usual_ns = getattr(time, name), getattr(time, f"{name}_ns")

    def clock() -> float:
        return float(usual() + _passed_s)

    def clock_ns() -> int:
        return int(usual_ns() + int(_passed_s * 1e9))

    setattr(time, name, clock)
    setattr(time, f"{name}_ns", clock_ns)


def _until_next(loop: Any, delay: float) -> float:
    """The seconds of a sleep after which something is due in its loop: a deadline set around it, or its own end."""
    due: list[float] = [
        handle.when() - loop.time() for handle in getattr(loop, "_scheduled", ()) if not handle.cancelled()
    ]
    if not due or min(due) >= delay:
        return delay
    # In steps, since what is left of a deadline depends on the real time that the program took meanwhile.
    return max(0.0, round(-(-min(due) // _STEP_S) * _STEP_S, 2))


def _tasks_sleep(tasks: Any) -> None:
    """Makes `asyncio.sleep` skip what only one task waits for."""
    usual = tasks.sleep

    async def sleep(delay: float, result: object = None) -> object:
        if len(tasks.all_tasks()) == 1:
            skipped = _until_next(tasks.events.get_running_loop(), delay)
            delay -= skipped if _skipped(skipped) else 0
        return await usual(delay, result)

    tasks.sleep = sleep


class _AsyncioFinder(MetaPathFinder):
    """Changes `asyncio.tasks` once the program imports it, which costs the others nothing."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name != "asyncio.tasks":
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is not None and spec.loader is not None:
            spec.loader = _Changed(spec.loader)
        return spec


class _Changed(Loader):
    def __init__(self, usual: Loader) -> None:
        self._usual = usual

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._usual.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._usual.exec_module(module)
        _tasks_sleep(module)


def _the_other() -> None:
    """Runs the sitecustomize that stands behind this one."""
    import importlib.util

    spec = PathFinder.find_spec(
        "sitecustomize", [place for place in sys.path if os.path.abspath(place) != _HERE]
    )
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


if _PLACE:
    # Before any code of the program: a library that says `from time import sleep` gets this one.
    vars(time)["sleep"] = _sleeps
    for _name in _CLOCKS:
        _ahead(_name)
    sys.meta_path.insert(0, _AsyncioFinder())
    # Says that this program asks for its waits, so that no wait which a reply orders need be cut
    # (`relay.Relay.own_time`).
    _asked(0.0)
# Python loads one module of that name only, the first on the path: an environment's own must not be lost by
# it.
_the_other()
