"""The contract of a reporter: what it is told while campaigns run. A member of this folder is one reporter."""

from __future__ import annotations

from typing import Protocol

from agent_chaos.errors import AgentChaosError
from agent_chaos.search.campaign import Campaign, Progress


class Reporter(Protocol):
    """Is told of each scenario in turn: start, progress after every example, then finish or stop; at last close."""

    def start(self, scenario: str, *, max_examples: int | None, seed: int) -> None:
        """A scenario is about to be searched, in as many examples as it takes where there is no number."""
        ...

    def progress(self, progress: Progress) -> None:
        """An example is done."""
        ...

    def finish(self, campaign: Campaign, notes: tuple[str, ...] = ()) -> None:
        """The search is over; `notes` is what the harness saw besides (files written, telemetry refused)."""
        ...

    def stop(self, scenario: str, error: AgentChaosError) -> None:
        """The scenario could not be searched."""
        ...

    def close(self, exit_code: int) -> None:
        """Nothing follows."""
        ...
