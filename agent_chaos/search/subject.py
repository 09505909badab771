"""What a campaign searches: a scenario that is ready to run, as the search sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.verdict import Outcome
from agent_chaos.trace.trace import Trace


class Subject(Protocol):
    """What is searched: a prepared scenario, whose trials are deterministic functions of the plan."""

    @property
    def name(self) -> str:
        """The scenario's name."""
        ...

    @property
    def target(self) -> str:
        """What people load it by: a path or `module:attr`."""
        ...

    @property
    def cassette_digest(self) -> str:
        """Of the recording; empty for one that is not on the disk."""
        ...

    @property
    def versions(self) -> Mapping[str, str]:
        """Of what the recording was made with."""
        ...

    @property
    def tools_run_for_real(self) -> tuple[str, ...]:
        """Tools whose calls no boundary saw."""
        ...

    @property
    def clean(self) -> Trace:
        """The trace without faults."""
        ...

    @property
    def clean_outcome(self) -> Outcome:
        """The verdict of the run without faults."""
        ...

    def trial(self, plan: Plan) -> Outcome:
        """One example under the plan, judged."""
        ...
