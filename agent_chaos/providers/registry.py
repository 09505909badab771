"""Finds the protocols: every module or package of this folder that exports `PROTOCOL`."""

from __future__ import annotations

from functools import cache

import agent_chaos.providers as folder
from agent_chaos.members import exported
from agent_chaos.providers.protocol import WireProtocol
from agent_chaos.stream.exchange import Request


@cache
def protocols() -> dict[str, WireProtocol]:
    """Every protocol by name."""
    found: list[WireProtocol] = exported(folder, "PROTOCOL")
    return {protocol.name: protocol for protocol in found}


def recognise(request: Request) -> WireProtocol | None:
    """The protocol that a request speaks, or None."""
    return next((protocol for protocol in protocols().values() if protocol.recognise(request)), None)
