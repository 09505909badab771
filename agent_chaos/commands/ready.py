"""What every offline command does first: patches and placeholder keys, and only then the user's files."""

from __future__ import annotations

from agent_chaos.patch.install import install_offline
from agent_chaos.scenario.loader import Loaded, load
from agent_chaos.scenario.rehearsal import Rehearsal


def scenarios(targets: list[str]) -> list[Loaded]:
    """The scenarios of the targets, loaded behind the patches. Raises ScenarioError."""
    install_offline()
    return load(targets)


def rehearsed(loaded: Loaded, *, allow_real_tools: bool) -> Rehearsal:
    """A scenario ready for trials. Raises what `Rehearsal.prepare` raises, and UsageError for tools that would run."""
    rehearsal = Rehearsal(loaded.scenario, target=loaded.ref, allow_real_tools=allow_real_tools)
    rehearsal.refuse_real_tools()
    rehearsal.prepare()
    return rehearsal
