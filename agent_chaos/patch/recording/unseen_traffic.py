"""What a recording cannot see: connections past the libraries that it knows, and programs that the agent starts.

A connection of its own to a host that answers for models is refused, before anything of it is paid for: no replay could
answer it.
"""

from __future__ import annotations

import os
import socket
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from agent_chaos.errors import GuardRefused
from agent_chaos.patch.effects import SYSTEM_PROBES
from agent_chaos.providers.hosts import is_model_host
from agent_chaos.runtime.active import current

# By context and not by thread: another task of the same loop may open a connection of its own meanwhile.
_known_library: ContextVar[bool] = ContextVar("agent_chaos_known_library", default=False)


@dataclass
class Unseen:
    """Connections by address and programs by name, as often as they were met. `refused` are those that were not let out."""

    connections: Counter[str] = field(default_factory=Counter)
    programs: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    names: dict[str, str] = field(default_factory=dict)
    """Hosts by the addresses that they were resolved to."""


@contextmanager
def known_library() -> Iterator[None]:
    """Within it, connections are those of a library whose requests are recorded."""
    token = _known_library.set(True)
    try:
        yield
    finally:
        _known_library.reset(token)


@contextmanager
def watching() -> Iterator[Unseen]:
    """Notes what the recorded run does past the recording, while the block runs."""
    global _watch
    _add_hook()
    before, _watch = _watch, Unseen()
    try:
        yield _watch
    finally:
        _watch = before


def resolving(unseen: Unseen) -> tuple[Any, str, Any]:
    """A patch by which addresses are known by the names that they were resolved from."""
    # The audit event of a connection tells the address alone.
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        found = real(host, *args, **kwargs)
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
        unseen.names.update({str(address[0]): name.lower() for *_, address in found})
        return found

    return socket, "getaddrinfo", getaddrinfo


_watch: Unseen | None = None
_hooked = False


def _add_hook() -> None:
    global _hooked
    if not _hooked:  # an audit hook cannot be removed
        _hooked = True
        sys.addaudithook(_hook)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if _watch is None or event not in _EVENTS:
        return
    session = current()
    if session is not None and session.scribe is not None:
        _EVENTS[event](_watch, args)


def _connected(unseen: Unseen, args: tuple[Any, ...]) -> None:
    address = args[1]
    # The address of a Unix socket is a path: nothing leaves the machine by it.
    if _known_library.get() or not isinstance(address, tuple):
        return
    host = unseen.names.get(str(address[0]), str(address[0]))
    name = f"{host}:{address[1]}"
    if is_model_host(host):
        unseen.refused[name] += 1
        raise GuardRefused(
            f"agent-chaos: a connection of its own to {host} cannot be replayed, so it is not recorded"
        )
    unseen.connections[name] += 1


def _started(unseen: Unseen, args: tuple[Any, ...]) -> None:
    found = args[0] if isinstance(args[0], str | bytes | os.PathLike) else next(iter(args[1] or ()), "")
    name = os.path.basename(os.fsdecode(found))
    if name and name not in SYSTEM_PROBES:
        unseen.programs[name] += 1


def _shell(unseen: Unseen, args: tuple[Any, ...]) -> None:
    words = os.fsdecode(args[0]).split()
    unseen.programs[os.path.basename(words[0]) if words else "sh"] += 1


_EVENTS = {
    "socket.connect": _connected,
    "subprocess.Popen": _started,
    "os.posix_spawn": _started,
    "os.system": _shell,
}
