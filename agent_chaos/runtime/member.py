"""A thread that takes part in a run, and how its waits end."""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import Enum
from threading import Thread
from typing import NamedTuple, Protocol

from agent_chaos.errors import TrialStop
from agent_chaos.runtime import real
from agent_chaos.runtime.run_stop import RunStop

Poll = Callable[[], bool]
NEVER = sys.maxsize


class WaitEnd(Enum):
    """How a wait ended."""

    WOKEN = "what was waited for has come, or may have: look"
    DUE = "its time has come"
    RUNG = "the alarm rang meanwhile: wait on for what is left"
    FREED = "the run is over: wait on for real"


class Home(Protocol):
    """What a thread asks of the scheduler of the run that it takes part in."""

    main: Member
    stop: RunStop | None

    @property
    def now_ns(self) -> int: ...
    def enter(self, member: Member) -> None: ...
    def leave(self, member: Member, thread: Thread | None) -> None: ...
    def wait(
        self,
        ticket: Ticket,
        span_ns: int = ...,
        *,
        poll: Poll | None = ...,
        external: bool = ...,
        why: str = ...,
    ) -> WaitEnd: ...
    def woken(self, ticket: Ticket) -> None: ...
    def check(self) -> None: ...
    def after_alarm(self, member: Member) -> WaitEnd: ...
    def bury(self) -> None: ...
    def look_for_the_stuck(self) -> None: ...


class Member:
    """A thread of the run. `ticket` numbers its waits, so that a wake-up for an earlier one is told apart.

    Of a wait, `due_ns` is its end, `span_ns` how long it may take, `poll` asks whether it is over; `external` says that what
    ends it may come from outside this process, and `pending` that it ended between two runs. A thread that is `outside` goes
    on without having the turn; one that is `excused` waits for real and keeps its turn meanwhile.
    """

    __slots__ = (
        "baton",
        "daemon",
        "due_ns",
        "ended",
        "excused",
        "external",
        "home",
        "ident",
        "kind",
        "left",
        "of_pool",
        "outside",
        "pending",
        "poll",
        "raises",
        "span_ns",
        "ticket",
        "waiting",
        "why",
    )

    def __init__(self, home: Home, *, daemon: bool, kind: str = "", of_pool: bool = False) -> None:
        self.home = home
        self.ident = 0
        self.daemon = daemon
        self.kind = kind
        self.of_pool = of_pool
        # A lock used as a signal: it is taken for as long as the thread must wait, and whoever gives the
        # turn releases it.
        self.baton = real.allocate_lock()
        self.baton.acquire()
        self.ticket = 0
        self.waiting = False
        self.ended = WaitEnd.WOKEN
        self.pending: WaitEnd | None = None
        self.due_ns = self.span_ns = NEVER
        self.poll: Poll | None = None
        self.external = False
        self.why = ""
        self.outside = False
        self.excused = 0
        self.left = False
        self.raises: BaseException | None = None

    @property
    def serves(self) -> bool:
        """Whether this thread may be one that serves its process for good: it waits to be asked, or looks now and then."""
        return not self.of_pool and (self.daemon or self.span_ns >= NEVER)

    def begin(self) -> Ticket:
        """A ticket of the wait that this thread is about to begin; whoever ends it calls its `wake`."""
        self.ticket += 1
        self.waiting = True
        return Ticket(self, self.ticket)

    def left_ns(self) -> int:
        """What is left of the time that the latest wait might take."""
        return NEVER if self.span_ns >= NEVER else max(0, self.due_ns - self.home.now_ns)

    def withdraw(self) -> None:
        """Takes back a wait that was not needed."""
        self.waiting = False
        self.baton.acquire(False)  # a thread that is outside may have been given the turn meanwhile

    def give_turn(self) -> None:
        # Releasing an unlocked lock raises, and a turn may be given to a thread that was about to go on by
        # itself.
        if self.baton.locked():
            self.baton.release()

    def free(self) -> None:
        """Lets the thread, whose run is over, wait for real."""
        self.ended = WaitEnd.FREED
        self.give_turn()

    def dismiss(self) -> None:
        """Ends the thread, whose run is over, by an exception where it waits."""
        self.raises = TrialStop("the run that started this thread is over")
        self.give_turn()


class Ticket(NamedTuple):
    """One wait of one thread."""

    member: Member
    number: int

    @property
    def valid(self) -> bool:
        return self.member.waiting and self.member.ticket == self.number

    def wake(self) -> bool:
        """Lets the thread go on when its turn comes; False where it no longer waits so. Callable from any thread."""
        if self.valid:
            self.member.home.woken(self)
            return True
        return False
