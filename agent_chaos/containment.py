"""The two ways in which a failure is met that may be anything: it is kept as a result, or reacted to and passed on.

Both are classes, not generators, so that no frame of theirs stands in the tracebacks that users read, and so that they
serve in coroutines and generators as well.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType


class Contained:
    """Keeps an exception of other people's code, so that what runs it goes on.

    Stops, cancellations and Ctrl-C are no `Exception` and pass.

        with Contained() as contained:
            sink.close()
        if contained.error is not None:
            ...

    Args:
        but: exceptions that pass as well.
    """

    def __init__(self, *, but: tuple[type[Exception], ...] = ()) -> None:
        self.error: Exception | None = None
        self._but = but

    def __enter__(self) -> Contained:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if isinstance(error, Exception) and not isinstance(error, self._but):
            self.error = error
        return self.error is not None


class OnFailure:
    """Calls `react` with whatever leaves the block, Ctrl-C included, which then passes on.

    Args:
        only: what is reacted to; everything where nothing is named.
    """

    def __init__(
        self, react: Callable[[BaseException], object], *, only: type[BaseException] = BaseException
    ) -> None:
        self._react = react
        self._only = only

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, self._only):
            self._react(error)
