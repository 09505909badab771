"""What tests that use the plugin do with scenarios: search them, check stored failures, replay their own traffic."""

from __future__ import annotations

import inspect
import io
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from agent_chaos.chaos.builder import Chaos
from agent_chaos.errors import AgentChaosError, CassetteMissing, ExitCode, UsageError
from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.verdict import Outcome
from agent_chaos.patch.install import offline_environment
from agent_chaos.report.build_record import campaign_record
from agent_chaos.report.event import SearchEnded
from agent_chaos.report.exit import exit_code
from agent_chaos.report.terminal.reporter import TerminalReporter
from agent_chaos.run.adhoc import AdHocContext, chaos_context
from agent_chaos.scenario.loader import load
from agent_chaos.scenario.model import Scenario
from agent_chaos.search.api import check_failure
from agent_chaos.search.campaign import Campaign
from agent_chaos.search.corpus.failure_files import Corpus
from agent_chaos.search.corpus.settings import baseline, scope_of, settings
from agent_chaos.search.failure import Failure
from agent_chaos.search.search import find_failures
from agent_chaos.search.selection import judges
from agent_chaos.trial.rehearsal import Rehearsal

_WIDTH = 100
_NO_FILE_NAME = re.compile(r"[^\w.=-]+")


class ChaosFailure(AssertionError):
    """A search found a failure, or a stored failure is still there; the message is the report."""


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How a test searches: at most that many examples, from that seed; all else is as the project says."""

    max_examples: int = 200
    seed: int = 0


def settings_of(node: pytest.Item) -> SearchSettings:
    """The settings of a test: its mark's over those of the command line over `[tool.agent-chaos]`. Raises UsageError."""
    mark, project = _mark(node), settings()
    return SearchSettings(
        max_examples=_number(
            mark, "max_examples", node.config.getoption("--chaos-examples"), project.max_examples
        ),
        seed=_number(mark, "seed", node.config.getoption("--chaos-seed"), project.seed),
    )


def _mark(node: pytest.Item) -> Mapping[str, Any]:
    found = node.get_closest_marker("chaos")
    given: Mapping[str, Any] = found.kwargs if found is not None else {}
    if unknown := sorted(set(given) - {"max_examples", "seed", "faults"}):
        raise UsageError(
            f"{node.nodeid}: the chaos mark takes max_examples, seed and faults, not {', '.join(unknown)}"
        )
    return given


def _number(mark: Mapping[str, Any], name: str, option: int | None, default: int) -> int:
    # A bool is a number to Python, and `max_examples=True` a slip.
    value = mark.get(name, default if option is None else option)
    if not isinstance(value, int) or isinstance(value, bool) or value < (name == "max_examples"):
        raise UsageError(f"the chaos mark's {name} is {value!r}; a whole number is wanted")
    return value


@offline_environment()
def search(
    scenario: Scenario, asked: SearchSettings, *, target: str = "", corpus: Corpus | None = None
) -> Campaign:
    """Searches a scenario offline, with the faults, the oracles and the accepted failures of the project.

    Raises:
        ChaosFailure: a failure was found, or no example could be judged.
        AgentChaosError: the scenario cannot be searched: no recording, or it is not steady.
    """
    project = settings()
    judged_by = judges(only=project.only_oracles, skip=project.skip_oracles)
    rehearsal = Rehearsal(scenario, target=target, judges=judged_by)
    rehearsal.refuse_real_tools()
    campaign = find_failures(
        rehearsal,
        max_examples=asked.max_examples,
        seed=asked.seed,
        max_time_s=project.max_time,
        scope=scope_of(project),
        baseline=baseline(),
        corpus=corpus,
    )
    if exit_code(campaign) != ExitCode.OK:
        raise ChaosFailure(_told(campaign, rehearsal.notes))
    return campaign


def _told(campaign: Campaign, notes: tuple[str, ...]) -> str:
    """The terminal's report as plain text."""
    text = io.StringIO()
    # A width of its own: pytest captures the output, so that no terminal says how wide it is.
    out = Console(file=text, width=_WIDTH, no_color=True, markup=False, highlight=False, emoji=False)
    TerminalReporter(out).tell(SearchEnded(campaign=campaign_record(campaign, notes)))
    unjudged = "\nnothing could be judged" if exit_code(campaign) == ExitCode.NOTHING_JUDGED else ""
    return f"{text.getvalue().strip()}{unjudged}"


def check_stored(failure: Failure) -> None:
    """Raises ChaosFailure while a stored failure is there; a recording that changed is told as what it is."""
    try:
        check_failure(failure.target, failure.plan)
    except AssertionError as exc:
        raise ChaosFailure(
            f"{failure.id}  {failure.fingerprint}\n{exc}\nsee it in full: agent-chaos replay {failure.id}"
        ) from None


@dataclass(frozen=True)
class ChaosFixture:
    """The `chaos` fixture of a test."""

    settings: SearchSettings

    @classmethod
    def of(cls, request: pytest.FixtureRequest) -> ChaosFixture:
        return cls(settings_of(request.node))

    def fuzz(
        self, scenario: Scenario | str, *, max_examples: int | None = None, seed: int | None = None
    ) -> Campaign:
        """Searches a scenario, or the one scenario of a target such as `scenarios/refund.py`, for failures.

        Raises:
            ChaosFailure: a failure was found, or no example could be judged.
            AgentChaosError: the scenario cannot be loaded or searched.
        """
        # pytest leaves such frames out of what it shows: the reader's own line is the last.
        __tracebackhide__ = True
        chosen = SearchSettings(
            max_examples=self.settings.max_examples if max_examples is None else max_examples,
            seed=self.settings.seed if seed is None else seed,
        )
        try:
            if isinstance(scenario, str):
                with offline_environment():  # a client that is made at import wants a key
                    (loaded,) = load([scenario])
                return search(loaded.scenario, chosen, target=loaded.ref)
            return search(scenario, chosen)
        except (ChaosFailure, AgentChaosError) as exc:
            # The reader's line is the one of the test; the frames of this package say nothing about the agent.
            raise exc.with_traceback(None) from None

    def check(self, target: str, plan: Mapping[str, Any] | Plan) -> Outcome:
        """Runs a scenario under a plan. Raises AssertionError unless it passes with every fault fired."""
        __tracebackhide__ = True
        try:
            return check_failure(target, plan)
        except (AssertionError, AgentChaosError) as exc:
            raise exc.with_traceback(None) from None


@contextmanager
def recorded_block(request: pytest.FixtureRequest) -> Iterator[AdHocContext]:
    """The body of a test on its own recording, with the faults of its mark.

    Raises:
        CassetteMissing: it has none, and may not make one.
        UsageError: the test is async, or another library has replaced the clock.
    """
    node: pytest.Item = request.node
    _refuse_async(node)
    _refuse_frozen_time(node)
    path = _cassette_path(node)
    mode = node.config.getoption("--chaos-record")
    if mode == "none" and not path.exists():
        raise CassetteMissing(f"{node.nodeid}: {path} does not exist; record it: pytest --chaos-record=once")
    faults: tuple[Chaos, ...] = tuple(_mark(node).get("faults", ()))
    with (
        _set_aside(path) if mode == "all" else nullcontext(),
        chaos_context(node.name, chaos=faults, cassette=path, record=mode != "none") as context,
    ):
        yield context


@contextmanager
def _set_aside(path: Path) -> Iterator[None]:
    """Records afresh within the block; where that fails, the earlier recording is there as before."""
    # Beside it and not in a temporary folder: a rename within a folder cannot be cut off half way.
    earlier = path.with_name(f"{path.name}.earlier")
    if path.exists():
        path.replace(earlier)
    try:
        yield
    finally:
        if path.exists():
            earlier.unlink(missing_ok=True)
        elif earlier.exists():
            earlier.replace(path)


def _cassette_path(node: pytest.Item) -> Path:
    # By test module: tests of two modules may have one name.
    return node.path.parent / "cassettes" / node.path.stem / f"{_NO_FILE_NAME.sub('-', node.name)}.msgpack"


def _refuse_async(node: pytest.Item) -> None:
    if inspect.iscoroutinefunction(getattr(node, "obj", None)):
        raise UsageError(
            f"{node.nodeid}: the cassette fixture cannot make the clock of a running event loop virtual; write a plain "
            "test that calls asyncio.run(main())"
        )


def _refuse_frozen_time(node: pytest.Item) -> None:
    # Looked up, not imported: only a test that has it loaded can have frozen the clock.
    api = sys.modules.get("freezegun.api")
    if api is not None and api.freeze_factories:
        raise UsageError(
            f"{node.nodeid}: freezegun has frozen the clock that the cassette fixture makes virtual; use one of them: "
            "offline, the date is that of the recording"
        )
