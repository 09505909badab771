"""How long a campaign takes, over all the times that it was gone on with."""

from __future__ import annotations

from time import perf_counter


class Stopwatch:
    """Real seconds. `earlier_s` passed before this process took the campaign up."""

    def __init__(self, earlier_s: float = 0.0) -> None:
        self._earlier_s = earlier_s
        self._began = perf_counter()

    def begin_again(self) -> None:
        """Forgets what passed in this process so far: telling a search what is known is not running anything."""
        self._began = perf_counter()

    @property
    def here_s(self) -> float:
        """Of this process alone, which is what a limit of time is about."""
        return perf_counter() - self._began

    @property
    def seconds(self) -> float:
        """Of the whole campaign."""
        return self._earlier_s + self.here_s
