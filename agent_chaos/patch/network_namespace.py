"""A network namespace with nothing in it: what connects past every audit event, as C drivers do, reaches nobody."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import sys
from contextlib import suppress
from pathlib import Path

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 0x1


def isolate() -> bool:
    """Moves this process into a network namespace with nothing but a loopback of its own, where the system allows it.

    True if it did. Must run before the process starts threads. Files keep their owner: the user namespace maps only this
    user.
    """
    if not sys.platform.startswith("linux") or not _unshare():
        return False
    with suppress(OSError):  # without it, programs of command agents cannot reach this process
        _loopback_up()
    _isolated.append(os.getpid())
    return True


_isolated: list[int] = []


def is_isolated() -> bool:
    """Whether this process was moved, and what it connects to past every audit event reaches nobody."""
    return os.getpid() in _isolated


def _unshare() -> bool:
    uid, gid = os.getuid(), os.getgid()
    # `os.unshare` came with Python 3.12.
    libc = ctypes.CDLL(None, use_errno=True)
    if uid == 0:
        # Root needs no user namespace, and could not reach files of other users from one that maps only
        # itself.
        return bool(libc.unshare(_CLONE_NEWNET) == 0)
    # The user namespace gives the right to make the other one; refused to a process with threads, see
    # user_namespaces(7).
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return False
    # In this order: the kernel takes a `gid_map` only once `setgroups` is denied.
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        try:
            Path(f"/proc/self/{name}").write_text(text)
        # Without a map files show another owner, but the network is gone all the same.
        except OSError:
            continue
    return True


def _loopback_up() -> None:
    """A new namespace has a loopback that is down; see netdevice(7)."""
    # Not at the top: Windows has no such module, and does not come here.
    import fcntl

    request = struct.pack("16sH14x", b"lo", _IFF_UP)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        fcntl.ioctl(handle, _SIOCSIFFLAGS, request)


_put_off = False


def isolate_later() -> None:
    """Puts `isolate` off until the command has been online for the last time."""
    global _put_off
    _put_off = True


def isolate_if_put_off() -> None:
    global _put_off
    if _put_off:
        _put_off = False
        isolate()
