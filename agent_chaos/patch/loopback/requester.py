"""Which program of this machine a connection comes from, where the system tells that (Linux)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress

_NETWORK = ("/proc/self/net/tcp", "/proc/self/net/tcp6")
"""Java asks for IPv4 addresses on sockets of IPv6."""
_LOADS_OWN_TIME = re.compile(r"node|python[\d.]*|pypy[\d.]*")
"""Programs that load what lets their waits pass in virtual time; one that one of them starts may be another."""


def loads_own_time(port: int) -> bool:
    """Whether the program at the other end, which connects from that port, is one that does; also where nobody can tell."""
    name = _program_at(port)
    return not name or _LOADS_OWN_TIME.fullmatch(name) is not None


def _program_at(port: int) -> str:
    """The name of the file that the program runs from; '' where it is not found."""
    inode = _inode(port)
    if not inode:
        return ""
    socket = f"socket:[{inode}]"
    for process in _processes():
        # A process that ends meanwhile, or belongs to somebody else.
        with suppress(OSError):
            folder = f"/proc/{process}/fd"
            if any(_target(f"{folder}/{one}") == socket for one in os.listdir(folder)):
                return os.path.basename(os.readlink(f"/proc/{process}/exe"))
    return ""


def _processes() -> Iterator[str]:
    """The newest first: programs are started after what starts them."""
    with suppress(OSError):
        yield from sorted(filter(str.isdigit, os.listdir("/proc")), key=int, reverse=True)


def _target(link: str) -> str:
    with suppress(OSError):
        return os.readlink(link)
    return ""


def _inode(port: int) -> str:
    """The number of the socket that is bound to a port of this machine; '' where there is none."""
    for file in _NETWORK:
        with suppress(OSError), open(file, encoding="ascii") as table:
            for line in table.readlines()[1:]:
                # Columns of proc(5): the local address in hexadecimal, and the number of the socket.
                place, inode = line.split()[1], line.split()[9]
                if int(place.rpartition(":")[2], 16) == port:
                    return inode
    return ""
