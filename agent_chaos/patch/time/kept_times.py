"""What an agent's modules keep of the wall clock lies in the past when a run begins.

The wall clock of every run begins at the date of the recording, since prompts hold dates. A limiter or a circuit breaker that has
noted the time in the run before would read that it is still to come. So the clock does not go on, but what was noted moves back:
by as much as if the run before had ended `BETWEEN_RUNS_S` earlier. What was read as the module was imported does, too.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any, NamedTuple

from agent_chaos.runtime.clock import BETWEEN_RUNS_S, PROCESS_START_S, VirtualClock
from agent_chaos.runtime.module_state import Place, modules_of, places, tells_time
from agent_chaos.runtime.process_time import latest, next_start_s
from agent_chaos.runtime.seams import Changes, Seam

_AHEAD_S = 86_400.0
"""How far ahead an agent notes what is to come: when an entry expires, when a circuit closes again."""
_NS = 1_000_000_000


class _Window(NamedTuple):
    """Seconds since the epoch between which the wall clock was read, and up to which what is to come was noted."""

    begin_s: float
    end_s: float
    noted_s: float


_SCALES = (1, 1_000, 1_000_000_000)
"""Seconds, milliseconds and nanoseconds since the epoch."""
_DATES = frozenset([float, int, datetime])
# From 2001 to 2128: numbers of that size are dates more often than anything else.
_EARLIEST_S, _LATEST_S = 1e9, 5e9

_Dates = dict[tuple[int, Any], tuple[Any, ...]]
"""Those in places: one that nobody has changed in a run is none of the clock's."""

_imports: list[_Window] = []
"""Since the latest beginning of a run."""
_noted: list[tuple[Place, Any]] = []
"""What the latest run has noted, and what it becomes before the next one."""
_modules: dict[str, ModuleType] = {}
"""Of all agents that ran."""
_constants: dict[tuple[int, Any], Any] = {}
"""What looks like monotonic time, and stood in its place before the agent's first run without being read at an import."""
_agents: list[object] = []
"""Those that ran."""
_imported_at: list[tuple[float, float]] = []
"""Monotonic seconds between which imports read them."""
_latest: list[tuple[object, int, list[ModuleType]]] = []
"""The latest agent, how much was imported when its modules were looked for, and these."""


@contextmanager
def import_noted() -> Iterator[None]:
    """Around the import of an agent's modules, on the real wall clock."""
    # The date is real while modules are imported; only monotonic time is that of runs.
    began, clock = time.time(), latest()
    monotonic = clock.monotonic()
    try:
        yield
    finally:
        ended = time.time()
        _imports.append(_Window(began, ended, ended))
        _imported_at.append((monotonic, clock.monotonic() + _AHEAD_S))


@contextmanager
def times_kept(agent: object, clock: VirtualClock) -> Iterator[None]:
    """Around a run of the agent: what imports and the runs before it have noted is moved back first."""
    start_s, modules = clock.wall_start_s, _modules_of(agent)
    _note_constants(agent, modules)
    _move_back()
    _note(agent, modules, start_s, _imports, {})
    _move_back()
    _imports.clear()
    known = _dates_in(agent, modules)
    try:
        yield
    finally:
        ended_s = clock.wall()
        _note(agent, modules, start_s, [_Window(start_s, ended_s, ended_s + _AHEAD_S)], known)


def _note_constants(agent: object, modules: list[ModuleType]) -> None:
    """Before an agent's first run: a speed of light among its numbers is no time, however long the process runs."""
    if any(one is agent for one in _agents):
        return
    # Once for each agent: from its second run on its numbers may be readings of a clock.
    _agents.append(agent)
    for place in places(agent, modules):
        numbers = place.value if type(place.value) is tuple else (place.value,)
        read = any(
            begin_s <= number <= end_s or begin_s * _NS <= number <= end_s * _NS
            for number in numbers
            if type(number) in (int, float)
            for begin_s, end_s in _imported_at
        )
        if not read and _on_real_clock(place.value, 1.0, (PROCESS_START_S, math.inf)) is not place.value:
            _constants[place.known_by] = place.value


def _note(
    agent: object, modules: list[ModuleType], start_s: float, windows: Sequence[_Window], known: _Dates
) -> None:
    """Notes what is to be moved back as the next run begins: until then, assertions may look at it."""
    for place in places(agent, modules) if modules and windows else ():
        dates = _dates(place.value)
        if dates and known.get(place.known_by) != dates:
            moved = _moved(place.value, start_s, windows)
            if _dates(moved) != dates:
                _noted.append((place, moved))


def _move_back() -> None:
    for place, moved in _noted:
        # Only what is there still: the agent, or its `setup`, may have put something else in the place.
        if place.stands():
            place.put(moved)
    _noted.clear()


def _dates_in(agent: object, modules: list[ModuleType]) -> _Dates:
    found = ((place.known_by, _dates(place.value)) for place in (places(agent, modules) if modules else ()))
    return {known_by: dates for known_by, dates in found if dates}


def _modules_of(agent: object) -> list[ModuleType]:
    """As `modules_of`, looked for again where something was imported since; none where no clock can be read in them."""
    imported = len(sys.modules)
    if not _latest or _latest[0][0] is not agent or _latest[0][1] != imported:
        found = modules_of(agent)
        _latest[:] = [(agent, imported, found if tells_time(found) else [])]
        _modules.update({module.__name__: module for module in _latest[0][2]})
    return _latest[0][2]


def _dates(value: Any) -> tuple[Any, ...]:
    """What of a value may be a date; of a tuple, what is in it."""
    values = value if type(value) is tuple else (value,)
    return tuple(one for one in values if type(one) in _DATES and _is_a_date(one))


def _is_a_date(value: Any) -> bool:
    if type(value) is datetime:
        return any(_EARLIEST_S < one < _LATEST_S for one in _seconds_of(value))
    # Multiplied, not divided: an integer may be larger than any float.
    return any(_EARLIEST_S * scale < value < _LATEST_S * scale for scale in _SCALES)


def _moved(value: Any, start_s: float, windows: Sequence[_Window]) -> Any:
    """A date that was noted in one of the windows, as much before `start_s` as if the window had ended long before it."""
    if type(value) is tuple:
        return tuple(_moved(one, start_s, windows) if type(one) in _DATES else one for one in value)
    for window in windows if _is_a_date(value) else ():
        # So that the end of the window comes to lie as long before this run as runs are apart on the
        # monotonic clock.
        back_s = window.end_s - (start_s - BETWEEN_RUNS_S)
        if isinstance(value, datetime):
            if any(_within(one, window, whole=value.microsecond == 0) for one in _seconds_of(value)):
                return value - timedelta(seconds=back_s)
            continue
        for scale in _SCALES:
            if _within(value / scale, window, whole=value == int(value)):
                # In the number's own type: an integer stays one.
                return value - type(value)(back_s * scale)
    return value


def _seconds_of(value: datetime) -> tuple[float, ...]:
    """Since the epoch; one without a zone may be of this machine's, or of UTC as `utcnow` gives it."""
    zones = (value, value.replace(tzinfo=UTC)) if value.tzinfo is None else (value,)
    try:
        return tuple(one.timestamp() for one in zones)
    except (ValueError, OverflowError, OSError):
        # `datetime.min` and `max` are years that clocks do not reach.
        return ()


def _within(seconds: float, window: _Window, *, whole: bool) -> bool:
    # What is to come is taken for noted only where it is no whole second, as dates in data are.
    return int(window.begin_s) <= seconds <= (window.end_s if whole else window.noted_s)


def _give_back(changes: Changes) -> None:
    begins_s = next_start_s()
    changes.on_undo(lambda: _to_the_real_clock(begins_s))


def _to_the_real_clock(begins_s: float) -> None:
    """What agents keep of monotonic time becomes as old on the real clock: their process may go on to use them."""
    agent = _latest[0][0] if _latest else None
    ahead_s = latest().monotonic() - time.monotonic()
    # No more than was read since: as dates, the readings of a long process are those of this century.
    read = (min([begins_s, *(begin_s for begin_s, _ in _imported_at)]), latest().monotonic() + _AHEAD_S)
    for place in places(agent, _modules.values()):
        moved = _on_real_clock(place.value, ahead_s, read)
        if moved is not place.value and _constants.get(place.known_by) is not place.value:
            place.put(moved)
    # All of it belongs to one environment; another begins with modules as they are then.
    for kept in (_modules, _latest, _agents, _constants, _imported_at, _noted, _imports):
        kept.clear()


def _on_real_clock(value: Any, ahead_s: float, read: tuple[float, float]) -> Any:
    """A reading of runs' monotonic clock, between the two of `read`, as the real one would have given it; other values as they are."""
    least_s, most_s = read
    if type(value) is tuple:
        moved = tuple(_on_real_clock(one, ahead_s, read) for one in value)
        return moved if any(a is not b for a, b in zip(moved, value, strict=True)) else value
    if type(value) is float and least_s <= value <= most_s:
        return value - ahead_s
    if type(value) is int and least_s * _NS <= value <= most_s * _NS:
        return value - round(ahead_s * _NS)
    return value


SEAM = Seam("times that agents keep", _give_back)
