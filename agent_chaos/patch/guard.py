"""Offline means offline: an audit hook that refuses connections from a replayed run, and notes other effects.

Installed once per process and inert outside a run. A refusal is written on the run's tape, so that the run fails
whatever the agent caught. C drivers that raise no audit event are held by `isolate`: an empty network namespace.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from agent_chaos.errors import GuardRefused, TrialStop
from agent_chaos.runtime.active import replaying, running
from agent_chaos.runtime.seams import Changes, Seam
from agent_chaos.runtime.session import Session

TELEMETRY = (
    "posthog.com",
    "sentry.io",
    "smith.langchain.com",
    "langfuse.com",
    "datadoghq.com",
    "segment.io",
    "segment.com",
    "mixpanel.com",
    "amplitude.com",
    "logfire.pydantic.dev",
    "logfire-api.pydantic.dev",
    "logfire-us.pydantic.dev",
    "logfire-eu.pydantic.dev",
    "honeycomb.io",
    "newrelic.com",
    "telemetry.crewai.com",
    "arize.com",
    "wandb.ai",
    "traceloop.com",
    "helicone.ai",
    "braintrust.dev",
    "litellm.ai",
    "agno.com",
)
"""Hosts (and their subdomains) that only watch: refused and listed, but a refusal is not the agent's failure."""

TELEMETRY_PATHS = (("api.openai.com", "/v1/traces/ingest"),)
"""What only watches on a host that also answers for models."""

_LOOPBACK = ("127.0.0.1", "::1")
_Names = tuple[str, list[str], list[str]]
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 0x1


def is_telemetry(host: str, path: str = "") -> bool:
    """Whether a request only reports what the agent does."""
    known_host = any(host == known or host.endswith(f".{known}") for known in TELEMETRY)
    return known_host or (host, path) in TELEMETRY_PATHS


def refuse(session: Session, host: str, *, telemetry: bool | None = None) -> GuardRefused:
    """Notes a refused connection on the tape, and gives the error to raise."""
    if session.finished:
        return GuardRefused(f"agent-chaos: a thread that outlived its trial tried to reach {host}; refused")
    harmless = is_telemetry(host) if telemetry is None else telemetry
    session.tape.incident(session.clock.now(), "telemetry" if harmless else "refused", host)
    return GuardRefused(
        f"agent-chaos is offline: refused a connection to {host}; nothing of it was recorded. "
        "Record it (scenario field 'hosts') or wrap the tool that makes it with @agent_chaos.tool"
    )


def _address(value: Any) -> str:
    if isinstance(value, tuple) and value:
        return f"{value[0]}:{value[1]}" if len(value) > 1 else str(value[0])
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _connect(session: Session, args: tuple[Any, ...]) -> None:
    raise refuse(session, _address(args[1]))


def _resolve(session: Session, args: tuple[Any, ...]) -> None:
    host = _address(args[0])
    # None and '' are the wildcard addresses that servers bind; a loopback name needs no network.
    if host not in ("None", "localhost", "", *_LOOPBACK):
        raise refuse(session, host)


def _connect_by_name(session: Session, args: tuple[Any, ...]) -> None:
    raise refuse(session, _address(args[0]))


def _spawned_by_mode(session: Session, args: tuple[Any, ...]) -> None:
    # The event of `os.spawn` tells its mode before the program.
    _spawned(session, args[1:])


def _popen(session: Session, args: tuple[Any, ...]) -> None:
    argv = args[1]
    note_program(session, argv if isinstance(argv, str) else " ".join(str(part) for part in list(argv)[:3]))


def note_program(session: Session, name: str) -> None:
    """Notes a program that a run starts. Raises GuardRefused where structured output is being acted on."""
    _noted(session, "subprocess", name[:120])
    session.scheduler.outside.program_starts()


def _noted(session: Session, kind: Literal["subprocess", "sqlite", "file"], what: str) -> None:
    """Notes an effect outside of this process; refuses it where structured output is being acted on."""
    session.tape.incident(session.clock.now(), kind, what)
    if session.acted_on:
        told = f"{_DONE[kind]} {what}, after the model had filled in {session.acted_on}"
        session.tape.incident(session.clock.now(), "effect", told)
        raise GuardRefused(f"agent-chaos is offline: {told}; refused")


_DONE = {"subprocess": "started", "sqlite": "opened the database", "file": "wrote the file"}


def _sqlite(session: Session, args: tuple[Any, ...]) -> None:
    if str(args[0]) != ":memory:":
        _noted(session, "sqlite", _address(args[0]))


def _opened(session: Session, args: tuple[Any, ...]) -> None:
    path, mode, flags = args
    writes = any(letter in mode for letter in "wax+") if isinstance(mode, str) else _write_flags(flags)
    name = _address(path)
    # A descriptor was noted when its file was opened, and byte code is written by Python itself.
    own = isinstance(path, int) or name == os.devnull or "__pycache__" in name
    if writes and not own:
        _noted(session, "file", name)


def _write_flags(flags: Any) -> bool:
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))


def _spawned(session: Session, args: tuple[Any, ...]) -> None:
    note_program(session, _address(args[0]) if args else "a program")


def _forked(session: Session, args: tuple[Any, ...]) -> None:
    raise refuse_copy(session, "os.fork, or what forks, as multiprocessing's 'fork' does")


def refuse_copy(session: Session, called: str) -> TrialStop:
    """Notes that a run would copy this process, and gives what ends the run: the copy would go on as a second agent-chaos."""
    told = (
        f"the agent calls {called}: a copy of this process would be a second agent-chaos; use threads, subprocess or "
        "multiprocessing.get_context('spawn') instead"
    )
    session.tape.incident(session.clock.now(), "harness", told)
    return TrialStop(told)


_NETWORK = {
    "socket.connect": _connect,
    "socket.sendto": _connect,
    "socket.sendmsg": _connect,
    "socket.getaddrinfo": _resolve,
    "socket.gethostbyname": _resolve,
    "socket.gethostbyaddr": _connect_by_name,
    "socket.getnameinfo": _connect_by_name,
}
# Arguments of these events: https://docs.python.org/3/library/audit_events.html.
_EVENTS = _NETWORK | {
    "subprocess.Popen": _popen,
    "os.posix_spawn": _spawned,
    "os.spawn": _spawned_by_mode,
    "os.system": _spawned,
    "os.exec": _spawned,
    "os.fork": _forked,
    "os.forkpty": _forked,
    "sqlite3.connect": _sqlite,
    "open": _opened,
}


def _hook(event: str, args: tuple[Any, ...]) -> None:
    # The hook is called for every import and every compilation in the process, so what is no event of ours
    # leaves first.
    if not (_state["active"] or _state["shut"]) or event not in _EVENTS:
        return
    session = replaying()
    if session is not None:
        if not session.online:
            _EVENTS[event](session, args)
    elif event in _NETWORK:
        _of_no_run(event, args)


def _of_no_run(event: str, args: tuple[Any, ...]) -> None:
    """Of threads that no run knows, finalisers, imports and the end of the process."""
    active = running()
    if active is not None and active.replaying and not active.online:
        _NETWORK[event](active, args)
    elif _state["shut"]:
        # A socket comes before its address, a look-up begins with the name.
        where = _address(args[1] if _NETWORK[event] is _connect else args[0])
        raise GuardRefused(
            f"agent-chaos is offline: refused a connection to {where} that no run of an agent makes"
        )


@contextmanager
def shut() -> Iterator[None]:
    """Refuses connections in a block in which no run is active: while targets are imported and finalisers run."""
    _state["shut"] += 1
    try:
        yield
    finally:
        _state["shut"] -= 1


def shut_for_good() -> None:
    """Refuses connections until the process ends, also those of what runs at its exit."""
    _state["shut"] += 1


def _named_back(actual: Callable[[str], _Names]) -> Callable[[str], _Names]:
    """`socket.gethostbyaddr`: who is asked for the name of an address is up to the system, but for the loopback's."""

    def gethostbyaddr(ip_address: str, /) -> _Names:
        session = replaying()
        if session is None or session.online or ip_address not in _LOOPBACK:
            return actual(ip_address)
        return "localhost", [], [ip_address]

    return gethostbyaddr


_state = {"added": 0, "active": 0, "shut": 0}


def _apply(changes: Changes) -> None:
    """An audit hook cannot be removed: out of the environment it looks at nothing."""
    if not _state["added"]:
        _state["added"] = 1
        sys.addaudithook(_hook)
    _state["active"] = 1
    changes.rebind({socket.gethostbyaddr: (named_back := _named_back(socket.gethostbyaddr))})
    changes.replace(socket, "gethostbyaddr", named_back)
    changes.on_undo(lambda: _state.update(active=0))


SEAM = Seam("guard", _apply)


def isolate() -> bool:
    """Moves this process into a network namespace with nothing but a loopback of its own, where the system allows it.

    True if it did. Must run before the process starts threads. Files keep their owner: the user namespace maps only this
    user.
    """
    if not sys.platform.startswith("linux") or not _unshare():
        return False
    with suppress(OSError):  # without it, programs of command agents cannot reach this process
        _loopback_up()
    return True


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
