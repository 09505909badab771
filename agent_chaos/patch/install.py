"""Puts every patch in place, once per process. All are inert until a run is active."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from agent_chaos.patch import chance, frameworks, guard
from agent_chaos.patch.keys import PLACEHOLDER, key_variables
from agent_chaos.patch.time import clock, loops, pools, tasks, threads
from agent_chaos.patch.transports import aiohttp_transport, http_client_transport, httpx_transport, tls
from agent_chaos.runtime.seams import Changes

_c = None
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_put_aside: dict[str, str] = {}
"""Proxy settings that an offline process does not have."""


def install() -> None:
    """Patches clocks, loops, chance, threads, transports and the tools of frameworks; for recording as for replay."""
    global _c
    if _c is None:
        _c = Changes()
        for seam in (clock.SEAM, threads.SEAM, pools.SEAM, loops.SEAM):
            seam.apply(_c)
    tasks.install()
    chance.install()
    for stack in (httpx_transport, aiohttp_transport, http_client_transport, frameworks):
        stack.install()


def install_offline() -> None:
    """`install`, and what only an offline process may do: the guard, placeholder keys, cached TLS contexts.

    Call it before the target is imported: `client = OpenAI()` at module level is normal.
    """
    install()
    guard.install()
    tls.install()
    for name in key_variables():
        if not os.environ.get(name):  # CI sets an absent secret to nothing
            os.environ[name] = PLACEHOLDER
    for name in (*_PROXIES, *(proxy.upper() for proxy in _PROXIES)):
        if name in os.environ:
            _put_aside[name] = os.environ.pop(name)
    logging.getLogger("google_genai._api_client").addFilter(_not_about_two_keys)


@contextmanager
def online() -> Iterator[None]:
    """For a while, gives a process that was made offline its proxy settings back, and takes the placeholders away."""
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


def _not_about_two_keys(record: logging.LogRecord) -> bool:
    return "GOOGLE_API_KEY and GEMINI_API_KEY" not in record.getMessage()
