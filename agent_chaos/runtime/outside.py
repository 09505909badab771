"""What goes on beside a run's turns: threads that block inside C code or were there before, programs, sockets.

None of it can be held to virtual time. A run waits in real time until it is at rest; where that decided something, the run is
told to be degraded.
"""

from __future__ import annotations

import math
import os
import sys
import threading
from collections.abc import Callable
from typing import Protocol

from agent_chaos.runtime import real
from agent_chaos.runtime.alarm import Alarm
from agent_chaos.runtime.child_processes import ChildProcesses
from agent_chaos.runtime.member import NEVER, Member
from agent_chaos.runtime.user_code import calling_frame

PATIENCE_S = 0.5
"""Real seconds after which a thread that neither waits nor moves is taken to block inside C code."""
LONG_S = 5.0
"""Real seconds that are waited for what comes from outside, and that a thread may compute while others could go on."""
_ONLINE_S = 30.0
_AT_REST = 3
"""How often in a row threads must be seen at the same place to be taken to wait."""

_LOOKS = 4
"""How often in a row a thread must be seen at one place, without having computed, to be taken to wait inside C code."""
_IDLE_NS = 10_000_000
"""Processor time that a wait may take: what is less is no computing."""

_WAIT_FOR_PROGRAMS = frozenset(
    ["subprocess", "asyncio.unix_events", "multiprocessing.popen_fork", "agent_chaos.patch.programs"]
)
"""Modules in which a thread stands while it waits for a program, and for nothing else."""

_Places = tuple[tuple[int, int, int], ...]


class Turns(Protocol):
    """What is asked of the scheduler about the turns of its threads."""

    members: dict[int, Member]
    running: Member
    turns: int
    over: bool
    alarm: Alarm

    @property
    def now_ns(self) -> int: ...
    @property
    def choosing(self) -> bool: ...
    def next_due_s(self) -> float: ...
    def anybody_ready(self) -> bool: ...
    def take_turn_from(self, member: Member) -> None: ...


class Outside:
    """Watches what the scheduler cannot control.

    Attributes:
        online: replies may really come from a network.
        programs: how many programs the run has started.
        native: whether the run has awaited an extension whose threads are none of Python's.
    """

    def __init__(self, scheduler: Turns, degraded: Callable[[str], None]) -> None:
        self._scheduler = scheduler
        self._degraded = degraded
        self.poked = False
        self._places: _Places | None = None
        self._equal = 0
        # Tried, never waited for: of several threads that wait, one looks and the others go back to
        # waiting.
        self._taking = real.allocate_lock()
        self._lately: tuple[_Places, float] = ((), 0.0)
        self._seen: tuple[int, tuple[int, int], float] = (-1, (0, 0), 0.0)
        self._lone: tuple[object, ...] = ()
        self._looks = 0
        self.online = False
        self.native = False
        self.programs = 0
        self._children: ChildProcesses | None = None

    def program_starts(self) -> None:
        """Says that the run is about to start a program."""
        self._children = self._children or ChildProcesses()
        self.programs += 1

    def poke(self) -> None:
        """Says that a thread which is none of the run's was given something to do. Callable from any thread."""
        self.poked = True
        self._equal = 0

    def at_rest(self, waited_s: float) -> bool:
        """Whether nothing can be expected from outside any more, after so many real seconds of waiting.

        Where a program is all that a run waits for, it may take as long as the whole run may.
        """
        beside = self.poked or self.anybody_in_c_code()
        # Sockets and programs have no virtual time: what they will say comes when it comes, so the run
        # waits for it for real.
        if self._external() or (beside and self._a_program_runs(unless_known=self.programs > 0)):
            return self._waited_enough(waited_s)
        if not beside:
            return True
        if not self._still() and waited_s < min(self._scheduler.next_due_s(), LONG_S):
            return False
        self.poked = False
        return True

    def anybody_in_c_code(self) -> bool:
        """Whether a thread of the run blocks where it neither waits for its turn nor has it."""
        return any(m.outside and not m.waiting for m in self._scheduler.members.values())

    def anybody_goes_on(self) -> bool:
        """Whether a thread of the run that has no turn has moved in the last seconds: it may yet end what others wait for."""
        idents = {m.ident for m in self._scheduler.members.values() if m.outside and not m.waiting}
        frames = sys._current_frames()
        places = tuple(sorted((ident, id(f), f.f_lasti) for ident, f in frames.items() if ident in idents))
        now = real.monotonic()
        # Any of them moved: from now on they have all of `LONG_S` again.
        if places != self._lately[0]:
            self._lately = places, now
        return bool(places) and now - self._lately[1] < LONG_S

    def _external(self) -> bool:
        """Whether somebody waits for a socket, a program or an extension."""
        if not (self.online or self.programs or self.native):
            return False
        return any(m.waiting and m.external for m in self._scheduler.members.values())

    def _waited_enough(self, waited_s: float) -> bool:
        if not self.online and self._nothing_else_comes() and self._a_program_runs(unless_known=False):
            return False
        if waited_s < min(self._scheduler.next_due_s(), _ONLINE_S if self.online else LONG_S):
            return False
        self._degraded("a program, a socket or an extension was waited for in real time")
        return True

    def _a_program_runs(self, *, unless_known: bool) -> bool:
        """Whether a program of the run's has not ended, or one of its threads is about to hear that it has."""
        if self._children is None or "waitid" not in vars(os):
            return unless_known
        ended = self._children.ended()
        # A program that ended a moment ago is still waited for by a thread, which is about to hear of it.
        return ended is not None and (not ended or self.anybody_in_c_code())

    def _still(self) -> bool:
        places = self._where_threads_are()
        self._equal = self._equal + 1 if places == self._places else 0
        self._places = places
        return self._equal >= _AT_REST

    def _where_threads_are(self) -> _Places:
        members = self._scheduler.members.values()
        # The thread that looks is left out, as its own frame is different at each look.
        waiting = {m.ident for m in members if m.waiting or not m.outside} | {threading.get_ident()}
        frames = sys._current_frames()
        # `f_lasti` is the last bytecode of a frame. A thread that stays at one, several looks in a row, is
        # blocked or idle: there is no other way to ask that of a thread which this module did not start.
        return tuple(sorted((ident, id(f), f.f_lasti) for ident, f in frames.items() if ident not in waiting))

    def look_for_the_stuck(self) -> None:
        """Takes the turn from a thread that blocks inside C code, so that the others can go on."""
        scheduler = self._scheduler
        if (
            scheduler.choosing
            or scheduler.over
            or scheduler.running.excused
            or not self._taking.acquire(False)
        ):
            return
        try:
            if what := self._stuck():
                self._tell(scheduler.running, what)
                scheduler.take_turn_from(scheduler.running)
        finally:
            self._taking.release()

    def look_at_the_lone(self, computed_ns: int) -> None:
        """Tells where a thread that has the turn has been inside C code for a while, at one place and computing nothing.

        Called now and then from a thread that is none of the run's, with the processor time of the one that has the turn.
        """
        scheduler = self._scheduler
        running = scheduler.running
        state = (
            running.ident,
            scheduler.turns,
            scheduler.now_ns,
            computed_ns // _IDLE_NS,
            self._place(running),
        )
        alike = state == self._lone and not (scheduler.choosing or scheduler.over or running.waiting)
        self._looks = self._looks + 1 if alike else 0
        self._lone = state
        # Equal, not more: once is enough, and the same wait may be looked at a hundred times.
        if self._looks == _LOOKS and not running.excused:
            self._tell(running, _waits(running))

    def _tell(self, member: Member, what: str) -> None:
        """Says that the clock is not exact, unless a program is all that the run waits for: then time has nothing to decide."""
        if not (_waits_for_program(member) and self._nothing_else_comes(beside=member)):
            self._degraded(what)

    def _nothing_else_comes(self, beside: Member | None = None) -> bool:
        """Whether no time comes that anybody waits for, and nobody else blocks in C code."""
        scheduler = self._scheduler
        # Of two programs at once, which one ends first is no matter of virtual time, either.
        others = (m for m in scheduler.members.values() if m is not beside and m.outside and not m.waiting)
        pending = scheduler.next_due_s() < math.inf or scheduler.alarm.due_ns < NEVER
        return not pending and (beside is None or not any(others))

    @staticmethod
    def _place(member: Member) -> tuple[int, int]:
        frame = sys._current_frames().get(member.ident)
        return id(frame), frame.f_lasti if frame is not None else -1

    def _stuck(self) -> str:
        """What holds the turn and does not pass it on, in words; '' where nothing does."""
        place = self._place(self._scheduler.running)
        turns, before, since = self._seen
        # The turn has moved on since the last look, so whoever has it now is watched from here.
        if turns != self._scheduler.turns:
            self._seen = (self._scheduler.turns, place, real.monotonic())
            return ""
        self._seen = (turns, place, since)
        if place == before:
            return _waits(self._scheduler.running)
        if real.monotonic() - since > LONG_S and self._scheduler.anybody_ready():
            return "a thread computes while others could go on"
        return ""


def _waits_for_program(member: Member) -> bool:
    frame = sys._current_frames().get(member.ident)
    while frame is not None:
        if frame.f_globals.get("__name__") in _WAIT_FOR_PROGRAMS:
            return True
        frame = frame.f_back
    return False


def _waits(member: Member) -> str:
    at = calling_frame(member.ident)
    where = "" if at is None else f", in {at.function} at {os.path.basename(at.file)}:{at.line}"
    return f"a thread waits for what virtual time does not know{where}"
