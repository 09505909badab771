"""What every offline command does first: patches and placeholder keys, and only then the user's files."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from agent_chaos.commands.output import say_skipped, silence_output
from agent_chaos.errors import ExitCode, RequirementMissing, ScenarioError
from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.oracle import Oracle
from agent_chaos.oracles.verdict import Outcome
from agent_chaos.patch.install import install_offline
from agent_chaos.patch.time.collector import imports_uncollected
from agent_chaos.report.event import Said
from agent_chaos.report.printable import count
from agent_chaos.report.reporter import Reporter
from agent_chaos.scenario.loader import Loaded, load
from agent_chaos.scenario.selector import EVERY, Selector
from agent_chaos.search.failure import Failure
from agent_chaos.trial.rehearsal import Rehearsal


def scenarios(targets: list[str], codes: list[int], wanted: Selector = EVERY) -> list[Loaded]:
    """The scenarios of the targets, loaded behind the patches; `codes` gets the exit code of each file that is broken.

    Raises UsageError where nothing can be loaded, or nothing is wanted of it.
    """
    install_offline()
    with imports_uncollected():
        found = load(targets, skip=_skipping(codes))
    return wanted.of(found)


def loaded_scenarios(
    targets: list[str], codes: list[int], *, recursive: bool, glob: str, wanted: Selector
) -> list[Loaded]:
    """As `scenarios`, with variants and the loader's own choices."""
    install_offline()
    with imports_uncollected():
        found = load(targets, recursive=recursive, glob=glob, variants=True, skip=_skipping(codes))
    return wanted.of(found)


def _skipping(codes: list[int]) -> Callable[[ScenarioError], None]:
    def skip(missing: ScenarioError) -> None:
        say_skipped(missing)
        # What needs a package that is not installed here is no mistake of the project; `scenarios/` may hold
        # agents of several frameworks.
        if not isinstance(missing, RequirementMissing):
            codes.append(missing.exit_code)

    return skip


def tell_skipped(reporter: Reporter, broken: int) -> None:
    """A last line on files that are broken: what was said of each stands above all else, and they decide on the exit code."""
    if broken:
        text = f"{count(broken, 'file')} not loaded, which makes the exit code {ExitCode.USAGE}: see SKIPPED above"
        reporter.tell(Said(text=text, tone="warning"))


class Rehearsals:
    """Scenarios ready for trials, each rehearsed once however many failures it has. What agents print is not shown."""

    def __init__(self, *, allow_real_tools: bool, judges: Mapping[str, Oracle] | None = None) -> None:
        self._allow_real_tools = allow_real_tools
        self._judges = judges
        self._ready: dict[str, Rehearsal] = {}

    def rehearsed(self, loaded: Loaded) -> Rehearsal:
        """Raises what `Rehearsal.prepare` raises, and UsageError for tools that would run for real."""
        # A rehearsal takes three runs without faults; `replay` would make them anew for each stored failure
        # of a scenario.
        if loaded.ref not in self._ready:
            rehearsal = Rehearsal(
                loaded.scenario,
                target=loaded.ref,
                allow_real_tools=self._allow_real_tools,
                judges=self._judges,
            )
            with silence_output():
                rehearsal.prepare()
            self._ready[loaded.ref] = rehearsal
        return self._ready[loaded.ref]

    def of_failure(self, failure: Failure) -> Rehearsal:
        """The scenario of a stored failure, ready for trials. Raises ScenarioError too."""
        return self.rehearsed(scenarios([failure.target], [])[0])

    def trial(self, rehearsal: Rehearsal, plan: Plan) -> Outcome:
        """One example under the plan."""
        with silence_output():
            return rehearsal.trial(plan)
