"""The environments that a process is in while it records or replays; each takes back what it changed.

`environment` patches clocks, threads, chance, transports and the tools of frameworks, and is inert until a run is active.
`offline_environment` does what only an offline process may do, too: the guard, placeholder keys, no proxies.
"""

from __future__ import annotations

import atexit
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from agent_chaos.patch import (
    chance,
    descriptors,
    frameworks,
    guard,
    imports,
    process_exit,
    programs,
    resource_limits,
    retry_quota,
    spawned,
)
from agent_chaos.patch.files import copies
from agent_chaos.patch.guard import LOCAL_SWITCHES
from agent_chaos.patch.keys import PLACEHOLDER, key_variables
from agent_chaos.patch.time import (
    alarms,
    clock,
    collector,
    import_time,
    kept_times,
    loops,
    pools,
    tasks,
    threads,
    watch,
)
from agent_chaos.patch.transports import aiohttp_transport, http_client_transport, httpx_transport, tls
from agent_chaos.runtime.active import thaw
from agent_chaos.runtime.seams import Changes, Environment, Found, Seam

_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_put_aside: dict[str, str] = {}
"""Proxy settings that an offline process does not have."""


def _put_keys(changes: Changes) -> None:
    for name in key_variables():
        before = os.environ.get(name)
        # SDK clients refuse to be made without a key; nothing is sent, so any value does.
        if not before:  # CI sets an absent secret to nothing
            os.environ[name] = PLACEHOLDER
            changes.on_undo(_setting(name, before))


def _put_switches(changes: Changes) -> None:
    for name in LOCAL_SWITCHES.keys() - os.environ.keys():
        os.environ[name] = LOCAL_SWITCHES[name]
        changes.on_undo(_setting(name, None))


def _put_proxies_aside(changes: Changes) -> None:
    # In both spellings: most libraries read either, and one would win over the other.
    for name in (*_PROXIES, *(proxy.upper() for proxy in _PROXIES)):
        if name in os.environ:
            _put_aside[name] = os.environ.pop(name)
            changes.on_undo(_setting(name, _put_aside[name]))
    changes.on_undo(_put_aside.clear)


def _setting(name: str, value: str | None) -> Callable[[], None]:
    def undo() -> None:
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value

    return undo


def _hush(changes: Changes) -> None:
    # google-genai warns where both of its key variables are set, as they are once placeholders are put:
    # about us, not the agent.
    logger = logging.getLogger("google_genai._api_client")
    logger.addFilter(_not_about_two_keys)
    changes.on_undo(lambda: logger.removeFilter(_not_about_two_keys))


def _not_about_two_keys(record: logging.LogRecord) -> bool:
    return "GOOGLE_API_KEY and GEMINI_API_KEY" not in record.getMessage()


# The threads of earlier runs are last to be undone: they wait for real once all else is as it was. Imports come before
# what patches libraries, which is done only while their finder stands.
_RUN = Environment(
    Seam("threads of earlier runs", lambda changes: changes.on_undo(thaw)),
    imports.SEAM,
    clock.SEAM,
    alarms.SEAM,
    threads.SEAM,
    pools.SEAM,
    loops.SEAM,
    tasks.SEAM,
    process_exit.SEAM,
    resource_limits.SEAM,
    descriptors.SEAM,
    programs.SEAM,
    spawned.SEAM,
    watch.SEAM,
    chance.SEAM,
    collector.SEAM,
    httpx_transport.SEAM,
    aiohttp_transport.SEAM,
    http_client_transport.SEAM,
    frameworks.SEAM,
    retry_quota.SEAM,
)
_OFFLINE = Environment(
    guard.SEAM,
    copies.SEAM,
    import_time.SEAM,
    kept_times.SEAM,
    tls.SEAM,
    Seam("placeholder keys", _put_keys),
    Seam("libraries that fetch nothing", _put_switches),
    Seam("no proxies", _put_proxies_aside),
    Seam("quiet key warning", _hush),
)
# Entered through a stack, so that `release` leaves all of it in the reverse order, however often each was
# entered.
_for_good = ExitStack()
_offline_for_good: list[bool] = []


def environment() -> Environment:
    """For recording and for replay. Entered within itself it changes nothing more."""
    return _RUN


@contextmanager
def offline_environment() -> Iterator[None]:
    """For replay. Enter it before the target is imported: `client = OpenAI()` at module level is normal."""
    # `_RUN` first: its finder of imports is what lets `tls` patch modules that come later.
    with _RUN, _OFFLINE, _keys_that_went_missing():
        yield


@contextmanager
def _keys_that_went_missing() -> Iterator[None]:
    """Placeholders for keys that a test took out of the process while an offline environment stands around it."""
    changes = Changes()
    _put_keys(changes)
    try:
        yield
    finally:
        changes.undo()


def install() -> None:
    """Enters `environment` for as long as the process, or until `release`."""
    _for_good.enter_context(environment())


def install_offline() -> None:
    """Enters `offline_environment` for as long as the process, or until `release`; where it stands, puts missing keys alone."""
    if not _offline_for_good:
        _offline_for_good.append(True)
        _for_good.callback(_offline_for_good.clear)
        _for_good.enter_context(offline_environment())
    elif not all(map(os.environ.get, key_variables())):
        _for_good.enter_context(_keys_that_went_missing())


# Hooks of others that were registered earlier run after this one, and find the process as it was.
@atexit.register
def release() -> None:
    """Leaves what `install` and `install_offline` entered."""
    _for_good.close()


def report() -> tuple[Found, ...]:
    """Which names of Python, of its libraries and of installed packages the seams rely on, and which of them are there."""
    return tuple(found for seam in (*_RUN.seams, *_OFFLINE.seams) for found in seam.probe())


@contextmanager
def online() -> Iterator[None]:
    """For a while, gives a process that was made offline its proxy settings back, and takes the placeholders away."""
    # SDKs prefer a variable to a key file or a login, so a placeholder would be sent in the place of what
    # the user has.
    placeholders = [name for name in key_variables() if os.environ.get(name) == PLACEHOLDER]
    for name in placeholders:
        del os.environ[name]
    os.environ.update(_put_aside)
    try:
        yield
    finally:
        for name in _put_aside:
            os.environ.pop(name, None)
        os.environ.update(dict.fromkeys(placeholders, PLACEHOLDER))
