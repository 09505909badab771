"""Where a running trial writes its trace: entries in order, numbered without gaps."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from agent_chaos.containment import Contained
from agent_chaos.faults.plan import Plan
from agent_chaos.trace.trace import Call, Delivered, Incident, ToolRun, Trace, TraceEvent, portable

_E = TypeVar("_E", bound=TraceEvent)


class Tape:
    """An append-only list of trace entries. Thread-safe."""

    def __init__(self) -> None:
        self._entries: list[TraceEvent] = []
        self._incidents: dict[tuple[str, str], None] = {}
        self._last_call = -1
        # A lock of `threading`, which within a run is the run's own: whoever waits for it hands over the turn.
        self._lock = threading.Lock()

    def write(self, make: Callable[[int], _E]) -> _E:
        """Appends `make(seq)` and returns it."""
        with self._lock:
            # Within the lock, since an entry holds its own number.
            entry = make(len(self._entries))
            self._entries.append(entry)
            if isinstance(entry, Call):
                self._last_call = entry.seq
            return entry

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Takes everything back, at its end, that was written within it."""
        with self._lock:
            entries, incidents, last_call = len(self._entries), dict(self._incidents), self._last_call
        try:
            yield
        finally:
            with self._lock:
                del self._entries[entries:]
                self._incidents, self._last_call = incidents, last_call

    def last_call_seq(self) -> int:
        """`seq` of the latest call, or -1."""
        return self._last_call

    def incident(self, at: float, kind: Any, detail: str) -> None:
        """Notes an incident once; a repeated one is not written again."""
        with self._lock:
            if (kind, detail) not in self._incidents:
                self._incidents[kind, detail] = None
                self._entries.append(Incident(len(self._entries), at, kind, detail))

    def has(self, *kinds: str) -> bool:
        return any(kind in kinds for kind, _ in self._incidents)

    @property
    def fired(self) -> bool:
        """Whether any fault has fired so far."""
        return any(e.fired for e in self._entries if isinstance(e, Call | ToolRun))

    def entries(self) -> tuple[TraceEvent, ...]:
        with self._lock:
            return tuple(self._entries)

    def trace(self, plan: Plan, virtual_s: float) -> Trace:
        """The finished trace; transfers nobody finished are noted as open."""
        closed = {e.call_seq for e in self._entries if isinstance(e, Delivered)}
        # A list first, since writing changes what is gone through.
        for call in [e for e in self._entries if isinstance(e, Call) and e.reply and e.seq not in closed]:
            self.write(partial(_left_open, call.seq, virtual_s))
        return self.so_far(plan, virtual_s)

    def so_far(self, plan: Plan, virtual_s: float) -> Trace:
        """The trace as it stands, while the run goes on."""
        entries = self.entries()
        transports = tuple(sorted({e.transport for e in entries if isinstance(e, Call)}))
        return Trace(plan=plan, entries=entries, virtual_s=virtual_s, transports=transports)


def _left_open(call_seq: int, at: float, seq: int) -> Delivered:
    return Delivered(seq, call_seq, at, "open")


def words_of(value: object) -> str:
    """`str(value)`, of anything that an agent made: shortened where it is endless, and told where it cannot be had."""
    with Contained():
        text = str(value)
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text):,} characters)"
    return f"<{type(value).__name__}, whose str() fails>"


_LONGEST = 100_000
"""Characters of a message or an answer that are kept."""


def raised_names(exc: BaseException) -> tuple[str, tuple[str, ...]]:
    """The qualified class name of an exception and those of its bases, nearest first."""
    names = tuple(
        portable(f"{cls.__module__}.{cls.__qualname__}".removeprefix("builtins."))
        for cls in type(exc).__mro__
    )
    return names[0], names[1:]
