"""Where events go: nowhere, a list, a file, or several places at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import IO, Protocol

from agent_chaos.containment import Contained
from agent_chaos.errors import UsageError
from agent_chaos.events.event import EVENT, Event
from agent_chaos.files import as_json_text


class EventSink(Protocol):
    """Takes events one by one. What it raises is told when the run is over, and changes no verdict."""

    def emit(self, event: Event) -> None: ...

    def close(self) -> None: ...


class NullSink:
    """Forgets everything."""

    def emit(self, event: Event) -> None:
        return

    def close(self) -> None:
        return


class ListSink:
    """Keeps events in `events`."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def emit(self, event: Event) -> None:
        self.events.append(event)

    def clear(self) -> None:
        self.events.clear()

    def close(self) -> None:
        return

    def __len__(self) -> int:
        return len(self.events)


class JsonlSink:
    """Writes one JSON object a line to a file, which it makes anew."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        # As soon as it is made, so that a folder which cannot be written is told before the run.
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Agents may say lone surrogates, which UTF-8 cannot hold.
        self._file: IO[str] = self.path.open("w", encoding="utf-8", errors="backslashreplace")

    def emit(self, event: Event) -> None:
        self._file.write(f"{as_line(event)}\n")

    def close(self) -> None:
        self._file.close()


def as_line(event: Event) -> str:
    """An event as one line of JSON, without fields that are None."""
    return as_json_text(event, exclude_none=True)


class MultiSink:
    """Passes events to several sinks; one that fails gets no more of them, and the others go on.

    Raises:
        ExceptionGroup: from `close`, once all are closed, with what the sinks raised.
    """

    def __init__(self, sinks: Iterable[EventSink] = ()) -> None:
        self.sinks: list[EventSink] = list(sinks)
        self._raised: list[Exception] = []

    def add(self, sink: EventSink) -> None:
        self.sinks.append(sink)

    def remove(self, sink: EventSink) -> None:
        self.sinks.remove(sink)

    def emit(self, event: Event) -> None:
        # A copy, since one that fails is taken out of the list meanwhile.
        for sink in tuple(self.sinks):
            if not self._well(partial(sink.emit, event)):
                self.sinks.remove(sink)

    def close(self) -> None:
        for sink in self.sinks:
            self._well(sink.close)
        if self._raised:
            raise ExceptionGroup("event sinks failed", self._raised)

    def _well(self, step: Callable[[], None]) -> bool:
        with Contained() as contained:
            step()
        if contained.error is not None:
            # Told at the end: raised here, it would keep the other sinks from this event.
            self._raised.append(contained.error)
        return contained.error is None

    def __len__(self) -> int:
        return len(self.sinks)


def read_events(path: str | Path) -> list[Event]:
    """The events of a file that a JsonlSink wrote. Raises UsageError naming the line that is none."""
    found: list[Event] = []
    try:
        # Not `splitlines`: U+2028 and others that it takes for line ends may stand in JSON as they are.
        lines = Path(path).read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except (OSError, UnicodeDecodeError) as exc:
        raise UsageError(f"{path}: cannot be read as events: {exc}") from None
    for number, line in enumerate(lines, 1):
        try:
            found.append(EVENT.validate_python(json.loads(line)))
        except ValueError as exc:
            first = str(exc).splitlines()[0]
            raise UsageError(f"{path}: line {number} is not an event: {first}") from None
    return found
