"""What is said where a command ends without a word: killed, or crashed in C code that an agent called.

A process of its own says it, which waits for nothing else and has no part in the command: the one that ends cannot.
"""

from __future__ import annotations

import os
import select
from contextlib import suppress

_ADVICE = {
    "fuzz": "what was found until then is stored in .agent_chaos/; the same command with --resume --workers 2 goes on, in "
    "processes of their own, and tells what they end by",
}
_TOLD = "nothing was judged; look for a crash in C code, or for what killed it"
# The end of a pipe that this process holds; the system closes it when the process ends, in whatever way.
_open: list[int] = []


def keep_last_words(command: str) -> None:
    """Has it told on stderr where this process ends before `no_last_words`. Call it before there are threads."""
    if not hasattr(os, "fork"):  # Windows
        return
    ours = os.getpid()
    theirs, held = os.pipe()
    between = os.fork()
    if between:
        os.close(theirs)
        # The child in between ends at once, and must not stay behind as a zombie that the agent's own `wait`
        # finds.
        os.waitpid(between, 0)
        _open.append(held)
        return
    # The child of a child is nobody's: an agent that waits for its own programs does not meet it.
    if os.fork() == 0:
        os.setsid()  # Ctrl-C is not for it
        os.close(held)
        if not _said(theirs, ours):
            _say(command)
    os._exit(0)


def no_last_words() -> None:
    """Says that the command has told all there is to tell."""
    while _open:
        held = _open.pop()
        with suppress(OSError):  # an agent may have closed it
            os.write(held, b".")
            os.close(held)


def _said(pipe: int, pid: int) -> bool:
    """Waits until the command has told all, or has ended."""
    # An agent that closes what it did not open has not ended by that.
    ends = _descriptor_of(pid)
    waiting = [pipe, *ends]
    while True:
        ready = select.select(waiting, [], [])[0]
        if pipe in ready:
            # A byte is what `no_last_words` wrote. An end of file says that the pipe was closed, by the end
            # of the process or by the agent.
            if os.read(pipe, 1):
                return True
            waiting = ends
        if not waiting or any(end in ready for end in ends):
            return False


def _descriptor_of(pid: int) -> list[int]:
    """A descriptor that can be read once a process has ended, where the system has such."""
    opens = vars(os).get("pidfd_open")
    try:
        return [] if opens is None else [opens(pid)]
    except OSError:  # an older kernel, or it has ended already, which the pipe says, too
        return []


def _say(command: str) -> None:
    told = f"error: agent-chaos {command} was killed, or ended by a crash: {_ADVICE.get(command, _TOLD)}\n"
    with suppress(OSError):  # nobody is left to read it
        os.write(2, told.encode())
