"""Which thread of a run goes on, and when virtual time passes.

The threads of a run go on one at a time. One that waits says until when, and hands over to the next in line; only where
none is left that could go on does the clock move, to the earliest of those times. So time never overtakes a thread that
still has something to do, and equal runs take equal turns.

Nothing here waits for a lock: what the thread that has the turn changes is changed by nobody else, and from other threads (and
signal handlers) comes a single append or flag. Who goes on is chosen by one thread at a time, which may be another one than has
the turn: that of a thread inside C code is taken from it, and it may come back at any moment.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from agent_chaos.runtime import real
from agent_chaos.runtime.alarm import Alarm
from agent_chaos.runtime.clock import VirtualClock
from agent_chaos.runtime.member import NEVER, Member, Poll, Ticket, WaitEnd
from agent_chaos.runtime.outside import PATIENCE_S, Outside
from agent_chaos.runtime.run_stop import RunStop
from agent_chaos.runtime.waiting_line import IDLE_WAKES, WaitingLine

_SLICE_S = 0.0005
_NOTHING_COMES = "the agent awaits something that never happens: no timer, job or transfer is pending"


class Scheduler:
    """The turns of one run's threads; the thread that begins it is the run's main one.

    Args:
        clock: what moves when nobody can go on.
        jumps: told, before the clock moves, by how many seconds and whose wait ends.
        degraded: told, in words, what could not be controlled.
    """

    def __init__(
        self,
        clock: VirtualClock,
        *,
        jumps: Callable[[float, Member], None] = lambda seconds, member: None,
        degraded: Callable[[str], None] = lambda what: None,
    ) -> None:
        self._clock = clock
        self._jumps = jumps
        self._line = WaitingLine()
        self._leaving: list[threading.Thread] = []
        self.members: dict[int, Member] = {}
        self.outside = Outside(self, degraded)
        # A real lock, since a patched one would ask this scheduler whom to let go on.
        self._choice = real.allocate_lock()
        # Holds the turn between its being taken from one thread and its being given to the next.
        self._nobody = Member(self, daemon=True)
        self.turns = 0
        self.over = False
        self.stop: RunStop | None = None
        self.alarm = Alarm()
        self.carried: tuple[Member, ...] = ()
        self.main = self.running = Member(self, daemon=False)

    @property
    def now_ns(self) -> int:
        return self._clock.ns

    def begin(self, carried: Iterable[Member]) -> None:
        """Starts a run in this thread; threads of earlier runs that wait for something still take part."""
        # The thread that enters the run, which need not be the one that built its session.
        self.main.ident = threading.get_ident()
        self.members[self.main.ident] = self.main
        self.carried = tuple(carried)
        for member in self.carried:
            self._take_over(member)

    def _take_over(self, member: Member) -> None:
        """Lets a wait that began in an earlier run begin anew."""
        member.home = self
        self.members[member.ident] = member
        if member.pending is not None:
            self._line.add(Ticket(member, member.ticket), member.pending)
            member.pending = None
        if member.waiting and member.span_ns < NEVER:
            member.due_ns = self._clock.ns + member.span_ns
            self._line.add_at(member.due_ns, Ticket(member, member.ticket))

    def admit(self, *, daemon: bool, kind: str, of_pool: bool = False) -> Member:
        """A thread that is about to start: it goes on when its turn comes."""
        member = Member(self, daemon=daemon, kind=kind, of_pool=of_pool)
        self._line.add(member.begin(), WaitEnd.WOKEN)
        return member

    def enter(self, member: Member) -> None:
        """Called in an admitted thread as it starts; waits for its first turn."""
        member.ident = threading.get_ident()
        self.members[member.ident] = member
        _await_turn(member)
        member.waiting = False

    def leave(self, member: Member, thread: threading.Thread | None) -> None:
        """Called in a thread that ends."""
        member.left = True
        # The system gives the number of a thread that has ended to a new one.
        self.members.pop(member.ident, None)
        following = self._chosen_after(member) if not self.over and self._may_choose(member) else None
        if thread is not None:
            # After the choice, in which those that stand here are joined: no thread can join itself. Before
            # the turn is given, as whoever gets it joins them first.
            self._leaving.append(thread)
        if following is not None:
            following.give_turn()

    def member(self) -> Member:
        """The calling thread; one from elsewhere takes part from its first wait on."""
        ident = threading.get_ident()
        known = self.members.get(ident)
        if known is None:
            known = Member(self, daemon=True, kind="guest")
            known.ident = ident
            known.outside = True
            self.members[ident] = known
        return known

    @contextmanager
    def excused(self) -> Iterator[None]:
        """Within it the calling thread waits for real, and keeps its turn meanwhile."""
        member = self.member()
        # Counted, since excused waits stand one inside the other.
        member.excused += 1
        try:
            yield
        finally:
            member.excused -= 1

    def woken(self, ticket: Ticket) -> None:
        """Puts a waiting thread in line."""
        if self.over:
            ticket.member.pending = WaitEnd.WOKEN
        else:
            self._line.add(ticket, WaitEnd.WOKEN)

    def wait(
        self,
        ticket: Ticket,
        span_ns: int = NEVER,
        *,
        poll: Poll | None = None,
        external: bool = False,
        why: str = "",
    ) -> WaitEnd:
        """Hands over until woken, until `poll` is true, or for `span_ns` of virtual time.

        Raises the run's stop, where it was stopped meanwhile, and what `dismiss` gave this thread.
        """
        member = ticket.member
        member.span_ns, member.poll, member.external, member.why = span_ns, poll, external, why
        member.due_ns = NEVER if span_ns >= NEVER else self._clock.ns + span_ns
        if member.due_ns < NEVER:
            # Such a wait stands here and with whoever is to wake it: the first to come makes the ticket
            # void for the other.
            self._line.add_at(member.due_ns, ticket)
        if member is self.main and self.alarm.due_ns < NEVER:
            self._line.add_at(self.alarm.due_ns, ticket)
        # The turn may have come already: whoever was to wake this thread was faster than its own wait.
        if not member.baton.acquire(False):
            self._hand_over(member)
        member.waiting = False
        member.poll = None
        if member.raises is not None:
            # Taken out first: the thread may catch it and wait again.
            raised, member.raises = member.raises, None
            raise raised
        # Of its home, which is another scheduler than this one where a later run took the wait over.
        member.home.check()
        return member.home.after_alarm(member)

    def after_alarm(self, member: Member) -> WaitEnd:
        """How a wait ended, once an alarm that is due has rung in it. Raises what its handler raises."""
        if member is not self.main or self.alarm.due_ns > self._clock.ns:
            return member.ended
        # Its handler may wait as well, which uses the same fields.
        ended, due_ns, span_ns = member.ended, member.due_ns, member.span_ns
        self.alarm.ring()
        member.due_ns, member.span_ns = due_ns, span_ns
        return WaitEnd.RUNG if ended is WaitEnd.DUE and self._clock.ns < due_ns else ended

    def _hand_over(self, member: Member) -> None:
        if self.over:
            member.ended = WaitEnd.FREED
        # A guest (a thread from elsewhere) waits without ever having had the turn, so it has none to hand
        # over; nor has a thread from which it was taken.
        elif not self._may_choose(member):
            _await_turn(member)
        elif (following := self._chosen_after(member)) is not member:
            following.give_turn()
            _await_turn(member)

    def _may_choose(self, member: Member) -> bool:
        """Whether it is for the calling thread, and no other one until it has chosen, to say who goes on after `member`."""
        if self.running is not member or not self._choice.acquire(False):
            return False
        if self.running is member:  # still, now that nobody else can change it
            return True
        self._choice.release()
        return False

    def sleep_until(self, ns: int, why: str = "") -> None:
        """Waits until a virtual time."""
        # Most agents have one thread, and most of its waits are sleeps: those need no ticket, no timer, no handing over.
        if self._alone() and self.alarm.due_ns > ns:
            self.main.why = why
            self._move_to(ns, self.main)
            self.check()
            return
        while True:
            ticket = self.member().begin()
            if self.wait(ticket, max(0, ns - self._clock.ns), why=why) is not WaitEnd.RUNG:
                return

    def _alone(self) -> bool:
        """Whether there is nobody to hand over to, which is the usual run."""
        return (
            len(self.members) == 1 and not (self._line or self.over or self.outside.poked) and self._is_main()
        )

    def _is_main(self) -> bool:
        return threading.get_ident() == self.main.ident

    def _move_to(self, due_ns: int, first: Member) -> None:
        if due_ns > self._clock.ns:
            self._jumps((due_ns - self._clock.ns) / 1e9, first)
            self._clock.advance_to_ns(due_ns)

    def end_main(self, error: BaseException) -> bool:
        """Raises an error in the main thread; False where that does not wait, or calls this itself."""
        if not self.main.waiting or self._is_main():
            return False
        self.main.raises = error
        self.woken(Ticket(self.main, self.main.ticket))
        return True

    def check(self) -> None:
        """Raises the run's stop, where there is one."""
        if self.stop is not None and not self.over:
            raise self.stop.error()

    def give_way(self) -> None:
        """Lets those go on first who can; no time passes."""
        self._look()
        if self._line:
            ticket = self.member().begin()
            self._line.add(ticket, WaitEnd.WOKEN)
            self.wait(ticket)

    def drain(self) -> None:
        """Lets all others go on until each waits for something; no time passes."""
        # So often at most: a thread that always has something to do would keep a run from ending.
        for _ in range(IDLE_WAKES):
            self._look()
            if not self._line:
                return
            self.give_way()

    def finish(self) -> tuple[Member, ...]:
        """Ends the run; gives the threads that wait on."""
        self.over = True
        self._line.close()
        return tuple(m for m in self.members.values() if m is not self.main and m.waiting and not m.outside)

    def bury(self) -> None:
        """Waits for the last steps of threads that ended, so that `is_alive` has one answer."""
        while self._leaving:
            real.join(self._leaving.pop(), PATIENCE_S)

    def next_due_s(self) -> float:
        """Seconds until the clock would move; infinity where nothing is pending."""
        earliest_ns = self._line.earliest_ns()
        return float("inf") if earliest_ns is None else (earliest_ns - self._clock.ns) / 1e9

    def anybody_ready(self) -> bool:
        return bool(self._line)

    @property
    def choosing(self) -> bool:
        """Whether a thread chooses who goes on."""
        return self._choice.locked()

    def look_for_the_stuck(self) -> None:
        """As `Outside.look_for_the_stuck`."""
        self.outside.look_for_the_stuck()

    def take_turn_from(self, member: Member) -> None:
        """Passes on the turn of a thread that does not do so by itself; comes it back meanwhile, it waits for its next one."""
        if self._may_choose(member):
            member.outside, self.running = True, self._nobody
            self._chosen_after(self._nobody).give_turn()

    def _chosen_after(self, had: Member) -> Member:
        """Who has the turn from now on; the choice is free again before it is told, since it may choose at once."""
        try:
            member = self._next()
            self.turns += member is not had
            self.running, member.outside = member, False
        finally:
            self._choice.release()
        return member

    def _next(self) -> Member:
        """Who goes on: the first in line, else who waits until the earliest time, once nothing else can happen."""
        began = real.monotonic()
        while True:
            # Before anybody else is chosen: `is_alive()` of a thread that has handed over its last turn
            # would depend on how fast the system lets it end.
            self.bury()
            self._look()
            if (member := self._line.first()) is not None:
                return member
            # The stop is raised in the main thread, whatever it waits for; the others are dismissed
            # when the run is over.
            if self.stop is not None and self.main.waiting:
                return self.main
            waited_s = real.monotonic() - began
            if not self.outside.at_rest(waited_s) or not (self._advance_clock() or self._nothing_comes()):
                real.sleep(_SLICE_S)

    def _look(self) -> None:
        """Asks for those who cannot be told that what they wait for has come."""
        # A copy: a poll may run code that starts a thread, and guests join from threads of their own.
        for member in list(self.members.values()):
            if member.waiting and member.poll is not None and member.poll():
                self._line.add(Ticket(member, member.ticket), WaitEnd.WOKEN)
                # Asked no more, or each further look would put it in line again.
                member.poll = None

    def _advance_clock(self) -> bool:
        """Moves the clock to the earliest time that somebody waits for; False where nobody waits for any."""
        following = self._line.next_due()
        if following is None:
            return False
        due, first = following
        self._move_to(due, first)
        self._line.come_to(due)
        return True

    def _nothing_comes(self) -> bool:
        """Stops the run, unless its main thread is where the turn does not reach it, or a thread without a turn goes on."""
        if not self.main.waiting or self.outside.anybody_goes_on():
            return False
        # What stopped it first is the reason; that nothing comes may follow from it.
        self.stop = self.stop or RunStop("timeout", _NOTHING_COMES)
        return True


def _await_turn(member: Member) -> None:
    # With a timeout, since whoever has the turn may block inside C code, where it neither hands over nor
    # can be told to: those that wait are the only ones left to find that out.
    while not member.baton.acquire(timeout=PATIENCE_S):
        home = member.home
        if member is home.main and home.stop is not None:
            return
        home.look_for_the_stuck()
    member.home.bury()
