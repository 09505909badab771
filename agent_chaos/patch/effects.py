"""What a replayed run does to the machine around it, as audit events tell: noted, and refused where it may be a tool's work.

Files are noted here only where no throw-away copy holds them (`files/`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, Literal

from agent_chaos.errors import GuardRefused, TrialStop
from agent_chaos.patch.files import actual, overlay
from agent_chaos.patch.files.database_names import database_place
from agent_chaos.patch.files.paths import is_ordinary
from agent_chaos.runtime.session import Session

PAST_BOUNDARY = "past the tool boundary that it was recorded at"

SYSTEM_PROBES = frozenset({"uname", "ldconfig", "lsb_release", "sysctl"})
"""Programs by which libraries ask what system they run on."""
_SETS = ("-p", "-f", "--load", "--system")


def note_program(session: Session, name: str, arguments: Sequence[str] = ()) -> None:
    """Notes a program that a run starts. Raises GuardRefused where it would do what only a tool at its boundary may."""
    _noted(session, "subprocess", name[:120], harmless=_asks_of_the_system(arguments))
    # By the texts that the model gave: a program that is started with one of them does what the tool would
    # have done.
    for tool, texts in session.asked_for.items():
        if any(text in argument for text in texts for argument in arguments):
            told = f"started {name[:120]}, as the model had asked {tool} to, {PAST_BOUNDARY}"
            raise refused_effect(session, told)
    session.scheduler.outside.program_starts()


def _asks_of_the_system(command: Sequence[str]) -> bool:
    name, *rest = (os.path.basename(command[0]), *command[1:]) if command else ("",)
    # Alone it writes the cache of libraries anew.
    if name == "ldconfig":
        return "-p" in rest
    # It also sets what it is given a value or a file for.
    if name == "sysctl" and any("=" in one or one in _SETS for one in rest):
        return False
    return name in SYSTEM_PROBES


def refuse_copy(session: Session, called: str) -> TrialStop:
    """Notes that a run would copy this process, and gives what ends the run: the copy would go on as a second agent-chaos."""
    told = (
        f"the agent calls {called}: a copy of this process would be a second agent-chaos; use threads, subprocess or "
        "multiprocessing.get_context('spawn') instead"
    )
    session.tape.incident(session.clock.now(), "harness", told)
    return TrialStop(told)


_DONE = {"subprocess": "started", "sqlite": "opened the database", "file": "wrote the file"}


def _noted(
    session: Session, kind: Literal["subprocess", "sqlite", "file"], what: str, *, harmless: bool = False
) -> None:
    """Notes an effect outside of this process; refuses it where structured output is being acted on, unless it is harmless."""
    session.tape.incident(session.clock.now(), kind, what)
    if session.acted_on and not harmless:
        raise refused_effect(session, f"{_DONE[kind]} {what}, after the model had {session.acted_on}")


def refused_effect(session: Session, told: str) -> GuardRefused:
    """Notes that an effect was refused, and gives the error to raise. `told` goes on from `the agent`."""
    session.tape.incident(session.clock.now(), "effect", told)
    return GuardRefused(f"agent-chaos is offline: the agent {told}; refused")


def _popen(session: Session, args: tuple[Any, ...]) -> None:
    parts = [args[1]] if isinstance(args[1], str) else [_text(part) for part in args[1]]
    note_program(session, " ".join(parts[:3]), parts)


def _spawned(session: Session, args: tuple[Any, ...]) -> None:
    told = [_text(part) for one in args[:2] for part in (one if isinstance(one, list | tuple) else [one])]
    note_program(session, told[0] if told else "a program", told)


def _spawned_by_mode(session: Session, args: tuple[Any, ...]) -> None:
    # The event of `os.spawn` tells its mode before the program.
    _spawned(session, args[1:])


def _forked(session: Session, args: tuple[Any, ...]) -> None:
    raise refuse_copy(session, "os.fork, or what forks, as multiprocessing's 'fork' does")


def _sqlite(session: Session, args: tuple[Any, ...]) -> None:
    name = _text(args[0])
    # In memory: nothing outside of this process.
    if not database_place(name, uri=True)[0] or overlay.holds(session, name.removeprefix("file:")):
        return
    if session.copies_files and not name.startswith("file:") and name and is_ordinary(name):
        raise refused_effect(session, f"opened the database {name} by a way that no throw-away copy can hold")
    _noted(session, "sqlite", name)


def _opened(session: Session, args: tuple[Any, ...]) -> None:
    path, mode, flags = args
    writes = any(letter in mode for letter in "wax+") if isinstance(mode, str) else _write_flags(flags)
    # A descriptor was noted when its file was opened; what is opened in a folder, but not by name, is nobody's file.
    if writes and not isinstance(path, int) and not os.path.isdir(path):
        _changed(session, path)


def _write_flags(flags: Any) -> bool:
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))


def _renamed(session: Session, args: tuple[Any, ...]) -> None:
    for path in args[:2]:
        _changed_now(session, path)


def _linked(session: Session, args: tuple[Any, ...]) -> None:
    _changed_now(session, args[1])


def _changed_first(session: Session, args: tuple[Any, ...]) -> None:
    _changed_now(session, args[0])


def _noted_about(session: Session, args: tuple[Any, ...]) -> None:
    # A descriptor that was opened for reading is enough to change what is noted about its file.
    opened = actual.path_of(args[0]) if isinstance(args[0], int) else ""
    _changed_now(session, opened or args[0])


def _changed_now(session: Session, path: Any) -> None:
    """Of what is not noted where files really change: it follows from what is."""
    if session.copies_files and not isinstance(path, int):
        _changed(session, path)


def _changed(session: Session, path: Any) -> None:
    """A file that was changed past the throw-away copy, or where there is none."""
    name = _text(path)
    # Byte code is written by Python itself.
    if name == os.devnull or "__pycache__" in name or overlay.holds(session, name):
        return
    if session.copies_files and is_ordinary(name):
        raise refused_effect(session, f"changed {name} by a way that no throw-away copy can hold")
    _noted(session, "file", name)


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


# Arguments of these events: https://docs.python.org/3/library/audit_events.html.
EVENTS: dict[str, Callable[[Session, tuple[Any, ...]], None]] = {
    "subprocess.Popen": _popen,
    "os.posix_spawn": _spawned,
    "os.spawn": _spawned_by_mode,
    "os.system": _spawned,
    "os.exec": _spawned,
    "os.fork": _forked,
    "os.forkpty": _forked,
    "sqlite3.connect": _sqlite,
    "open": _opened,
    "os.rename": _renamed,
    "os.link": _linked,
    "os.symlink": _linked,
    "os.remove": _changed_first,
    "os.mkdir": _changed_first,
    "os.rmdir": _changed_first,
    "os.truncate": _changed_first,
    "os.chmod": _noted_about,
    "os.chown": _noted_about,
    "os.utime": _noted_about,
    "os.setxattr": _noted_about,
    "os.removexattr": _noted_about,
}
