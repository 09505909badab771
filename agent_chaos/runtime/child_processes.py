"""Which programs a run has started, told from the children that its process had before."""

from __future__ import annotations

import os
from pathlib import Path

_TASKS = Path("/proc/self/task")


class ChildProcesses:
    """The children that came since it was made. They are only looked at: their end is left to whoever waits for them."""

    def __init__(self) -> None:
        # One that ended before, and that nobody has waited for, would hide the end of all others.
        self._before = _children()

    def ended(self) -> bool | None:
        """Whether all of them have ended; None where there are none, or where the system does not tell."""
        # Looked up, since macOS before Python 3.13 and Windows have none.
        wait = vars(os).get("waitid")
        if wait is None:
            return None
        try:
            if self._before is None:
                return wait(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:
            return None
        states = [_has_ended(pid) for pid in (_children() or frozenset()) - self._before]
        return all(states) if states else None


def _children() -> frozenset[int] | None:
    """The numbers of this process's children; None where the system does not list them."""
    if not _TASKS.is_dir():
        return None
    found: set[int] = set()
    for task in _TASKS.iterdir():
        try:
            found |= {int(pid) for pid in (task / "children").read_text().split()}
        except OSError:
            continue  # the thread has ended since
    return frozenset(found)


def _has_ended(pid: int) -> bool:
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True
