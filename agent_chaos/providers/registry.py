"""Finds the protocols: every module or package of this folder that exports `PROTOCOL`."""

from __future__ import annotations

from functools import cache

import agent_chaos.providers as folder
from agent_chaos.members import exported
from agent_chaos.providers.protocol import WireProtocol
from agent_chaos.stream.exchange import Reply, Request
from agent_chaos.stream.framing.framing import Framing
from agent_chaos.stream.framing.registry import evident_framing


@cache
def protocols() -> dict[str, WireProtocol]:
    """Every protocol by name."""
    found: list[WireProtocol] = exported(folder, "PROTOCOL")
    # By name, since the order of plans, and with it what a seed means, follows this one.
    return {protocol.name: protocol for protocol in sorted(found, key=lambda protocol: protocol.name)}


@cache
def vendors() -> dict[str, tuple[str, ...]]:
    """The names of the protocols of every vendor, by vendor."""
    found: dict[str, tuple[str, ...]] = {}
    for name, protocol in protocols().items():
        found[protocol.vendor] = (*found.get(protocol.vendor, ()), name)
    return found


@cache
def _closest_first() -> tuple[WireProtocol, ...]:
    # Mistral's requests have the path of Chat Completions, too, and only their host tells.
    return tuple(sorted(protocols().values(), key=lambda protocol: -protocol.specificity))


def recognise(request: Request) -> WireProtocol | None:
    """The protocol that a request speaks, or None: of several, the one that looks closest at it."""
    return next((protocol for protocol in _closest_first() if protocol.recognise(request)), None)


def framing_of(reply: Reply, protocol: WireProtocol | None) -> Framing | None:
    """How a reply is streamed, by its protocol where that is known; None where it came as one body."""
    return protocol.framing(reply) if protocol else evident_framing(reply)
