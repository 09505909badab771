"""Searching from Python and from pytest."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent_chaos.chaos.builder import Chaos
from agent_chaos.chaos.constructors import any_fault
from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.verdict import Outcome
from agent_chaos.patch.install import offline_environment
from agent_chaos.scenario.loader import load
from agent_chaos.scenario.model import Scenario
from agent_chaos.search.campaign import Campaign, Listener
from agent_chaos.search.corpus.check import check_plan
from agent_chaos.search.corpus.failure_files import FOLDER, Corpus
from agent_chaos.search.search import find_failures
from agent_chaos.search.space import Space
from agent_chaos.trial.rehearsal import Rehearsal

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


@offline_environment()
def fuzz_scenario(
    scenario: Scenario,
    *,
    max_examples: int = 200,
    seed: int = 0,
    max_time_s: float | None = None,
    allow_real_tools: bool = False,
    corpus: Path | None = None,
    listener: Listener = lambda progress: None,
) -> Campaign:
    """Searches a recorded scenario for failures, as `agent-chaos fuzz` does; stores them only where `corpus` is given.

    Raises:
        CassetteMissing: it was never recorded.
        UsageError: tools would run for real, and that was not allowed.
        HarnessError, UnstableError: the run without faults is not sound.
    """
    rehearsal = Rehearsal(scenario, allow_real_tools=allow_real_tools)
    return find_failures(
        rehearsal,
        max_examples=max_examples,
        seed=seed,
        max_time_s=max_time_s,
        corpus=Corpus(corpus) if corpus is not None else None,
        listener=listener,
    )


def plan(failure_id: str, *, folder: Path = FOLDER) -> tuple[Chaos, ...]:
    """A stored failure's plan as chaos: `chaos=[plan("F-7Q2K")]`.

    Raises:
        UsageError: no such failure is stored.
    """
    return tuple(
        any_fault(**{**placed.fault.model_dump(exclude_defaults=True), "kind": placed.fault.kind}).at(
            placed.site
        )
        for placed in Corpus(folder).load(failure_id).plan.faults
    )


@offline_environment()
def fault_plans(scenario: Scenario, *, max_faults: int = 3) -> SearchStrategy[Plan]:
    """Plans that can act on a recorded scenario, for a `@given` test of one's own.

    Use with `run_scenario(scenario, plan=plan)`. Shrinks towards fewer and milder faults.
    """
    # Imported here: Hypothesis takes a second, and nothing else of this module needs it.
    from agent_chaos.search.strategies.hypothesis_plans import plans

    return plans(Space.of(Rehearsal(scenario).clean), max_faults=max_faults)


def check_failure(
    target: str,
    plan: Mapping[str, Any] | Plan,
    *,
    beside: str | Path | None = None,
    allow_real_tools: bool = False,
) -> Outcome:
    """Runs a scenario under a plan and raises AssertionError unless it passes with every fault fired.

    Args:
        target: as the command line takes it: `scenarios/refund.py:refund` or `pkg.module:attr`.
        plan: a plan, or its JSON form.
        beside: a file of the same project, as `__file__`: where the target is not in the working directory, it is looked
            for in the folders above that file, and the run has the one that holds it as its working directory.
        allow_real_tools: run although tools that no boundary sees would run for real.
    """
    __tracebackhide__ = True  # pytest shows the line of the test instead
    # pytest may be started in any folder, while a target is written as from the project's own.
    with offline_environment(), chdir(_project_of(target, beside)):
        (loaded,) = load([target])
        rehearsal = Rehearsal(loaded.scenario, target=loaded.ref, allow_real_tools=allow_real_tools)
        wanted = plan if isinstance(plan, Plan) else Plan.model_validate(plan)
        return check_plan(rehearsal, wanted, loaded.ref)


def _project_of(target: str, beside: str | Path | None) -> Path:
    """The folder that a target is named from: the working directory unless only a folder above `beside` has it."""
    place = target.rpartition(":")[0] or target
    file = Path(place if place.endswith(".py") else f"{place.replace('.', '/')}.py")
    above = Path(beside).resolve().parents if beside is not None else ()
    return next((folder for folder in (Path.cwd(), *above) if (folder / file).is_file()), Path.cwd())
