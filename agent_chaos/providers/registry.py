"""Finds the protocols: every module of this folder that exports `PROTOCOL`."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import agent_chaos.providers as folder
from agent_chaos.providers.protocol import WireProtocol
from agent_chaos.stream.exchange import Request

_NOT_PROTOCOLS = {"frames", "json_values", "protocol", "registry", "rules"}


@cache
def protocols() -> dict[str, WireProtocol]:
    """Every protocol by name."""
    found: dict[str, WireProtocol] = {}
    for module_info in pkgutil.iter_modules(folder.__path__):
        if module_info.name in _NOT_PROTOCOLS:
            continue
        module = importlib.import_module(f"{folder.__name__}.{module_info.name}")
        protocol = getattr(module, "PROTOCOL", None)
        if protocol is not None:
            found[protocol.name] = protocol
    return found


def recognise(request: Request) -> WireProtocol | None:
    """The protocol that a request speaks, or None."""
    return next((protocol for protocol in protocols().values() if protocol.recognise(request)), None)
