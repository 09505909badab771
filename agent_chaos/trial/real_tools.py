"""Tools that run for real although the run is replayed, since no boundary sees them: refused, held to what harms nobody, or allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from agent_chaos.cassette.model import Cassette
from agent_chaos.errors import UsageError
from agent_chaos.patch.effects import PAST_BOUNDARY
from agent_chaos.patch.files.copies import POSSIBLE
from agent_chaos.patch.loopback.relay import TRANSPORT
from agent_chaos.patch.network_namespace import is_isolated
from agent_chaos.scenario import command
from agent_chaos.scenario.model import Scenario
from agent_chaos.trace.trace import Trace
from agent_chaos.trial.unobserved_tools import (
    past_boundary,
    structured_outputs,
    tools_at_boundary,
    unwrapped_tools,
)

_GIVE_BACK = "give back its @agent_chaos.tool or its framework's tool class"
_ELSE = "name them in pure_tools= if they have no side effects, or pass --allow-real-tools"


@dataclass(frozen=True)
class RealToolPolicy:
    """The tools of a scenario that run although it is replayed. They are `allowed` to where somebody said so.

    `again` says how the scenario is recorded again.
    """

    scenario: Scenario
    cassette: Cassette
    again: str
    allowed: bool

    @cached_property
    def unwrapped(self) -> tuple[str, ...]:
        """Tools that recorded model turns call and no boundary saw."""
        return unwrapped_tools(self.cassette, self.scenario.pure_tools)

    @cached_property
    def contained(self) -> tuple[str, ...]:
        """Those of them that run in every example, since what they do stays in this process and in copies of files."""
        # A program of its own changes real files, and a C library connects where a process shares its network.
        holds = POSSIBLE and is_isolated() and not self._elsewhere and not self.allowed
        return self.unwrapped if holds else ()

    @cached_property
    def _elsewhere(self) -> bool:
        """Whether the agent is a program of its own."""
        return getattr(self.scenario.agent, "__module__", "") == command.__name__ or any(
            exchange.transport == TRANSPORT for exchange in self.cassette.exchanges
        )

    @property
    def run_for_real(self) -> tuple[str, ...]:
        return () if self.contained else self.unwrapped

    @cached_property
    def held_calls(self) -> Mapping[str, str]:
        """Calls of the model that nothing outside of this process may come of, and what it does by them."""
        if self.allowed:
            return {}
        outputs = set(structured_outputs(self.cassette)) - set(self.scenario.pure_tools)
        return dict.fromkeys(outputs, "filled in") | dict.fromkeys(self.contained, "called")

    @property
    def at_boundary(self) -> tuple[str, ...]:
        """Tools that were recorded at a boundary, and have to be met there again."""
        if self.allowed:
            return ()
        return tuple(tools_at_boundary(self.cassette) - set(self.scenario.pure_tools))

    def refuse(self) -> None:
        """Raises UsageError where tools would run for real, unless that was allowed."""
        if not self.run_for_real or self.allowed:
            return
        named = f"{self.scenario.name}: the recorded model calls {', '.join(self.run_for_real)}, which"
        if self._elsewhere:
            raise UsageError(f"{named} would run inside of the program, for real, in every example; {_ELSE}")
        raise UsageError(
            f"{named} no tool boundary saw, so offline they would run for real; wrap them with @agent_chaos.tool and "
            f"{self.again}, {_ELSE}"
        )

    def check_boundaries(self, trace: Trace) -> tuple[str, ...]:
        """Tools that this run called past the boundary that they were recorded at. Raises UsageError unless that is allowed."""
        past = past_boundary(self.cassette, trace, self.scenario.pure_tools)
        if past and not self.allowed:
            held = "; only copies of files were changed just now" if POSSIBLE else ""
            raise UsageError(
                f"{self.scenario.name}: {', '.join(past)} was called {PAST_BOUNDARY}{held}; {_GIVE_BACK}, {_ELSE}"
            )
        return past

    def check_effects(self, trace: Trace) -> None:
        """Raises UsageError where the agent did what no copy of files can hold; it was refused."""
        effects = trace.incidents_of("effect")
        # Told apart by its words: what to do about it is to give a boundary back, not to make a first one.
        if effects and PAST_BOUNDARY in effects[0].detail:
            raise UsageError(f"{self.scenario.name}: the agent {effects[0].detail}; {_GIVE_BACK}, {_ELSE}")
        if effects:
            raise UsageError(
                f"{self.scenario.name}: the agent {effects[0].detail}, which no tool boundary saw, so every example would do "
                f"it for real; wrap what does it with @agent_chaos.tool and {self.again}, {_ELSE}"
            )

    def notes(self) -> Iterator[str]:
        """What runs in every example, for people."""
        if self.contained:
            run = "run" if len(self.contained) > 1 else "runs"
            yield (
                f"tools: {', '.join(self.contained)}, which nothing wraps, {run} in every example, but not for real: on copies of "
                "files, without connections and programs"
            )
        for name in structured_outputs(self.cassette):
            yield (
                f"structured output: {name} is a form that the model fills in, so no tool runs for it; {self._of_outputs(name)}"
            )

    def _of_outputs(self, name: str) -> str:
        if name in self.held_calls:
            return "files that the agent's own code then writes are copies, programs are refused"
        return "what the agent's own code does with it happens for real in every example"
