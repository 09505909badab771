"""One TLS context per kind for all clients of a process that is offline: building one costs more than a whole run."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from types import ModuleType
from typing import Any

from agent_chaos.patch.imports import when_imported
from agent_chaos.runtime.seams import Changes, Seam

_state = {"offline": False}
_contexts: dict[str, ssl.SSLContext] = {}
"""By what was called and with which arguments; kept from one environment to the next, since none ever connects."""


def cached(real: Callable[..., ssl.SSLContext]) -> Callable[..., ssl.SSLContext]:
    """`real`, called once for each set of arguments. No connection is ever made with the result."""

    def context(*args: Any, **kwargs: Any) -> ssl.SSLContext:
        if not _state["offline"]:
            return real(*args, **kwargs)
        # By what they were asked for: a client without verification must not share its context with one
        # that verifies.
        key = repr((real.__module__, real.__qualname__, args, sorted(kwargs.items())))
        if key not in _contexts:
            _contexts[key] = real(*args, **kwargs)
        return _contexts[key]

    return context


def _cache_in(module: ModuleType) -> None:
    vars(module)["create_ssl_context"] = cached(vars(module)["create_ssl_context"])


def _apply(changes: Changes) -> None:
    _state["offline"] = True
    changes.on_undo(lambda: _state.update(offline=False))
    changes.replace(ssl, "create_default_context", cached(ssl.create_default_context))
    # In both places, since the transports imported the function by name from the package.
    for name in ("httpx2", "httpx", "httpx2._transports.default", "httpx._transports.default"):
        when_imported(name, _cache_in)


SEAM = Seam("TLS contexts", _apply, needs=("httpx:create_ssl_context", "httpx2:create_ssl_context"))
