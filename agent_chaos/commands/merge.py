"""`agent-chaos merge`: joins the shards of campaigns, and reports each campaign as if it had run in one piece."""

from __future__ import annotations

from pathlib import Path

from agent_chaos.commands.checkpoints import beginning_of, shards_in
from agent_chaos.commands.fuzz import keep_campaign, searching
from agent_chaos.commands.output import silence_output
from agent_chaos.commands.prepare import Rehearsals, scenarios
from agent_chaos.commands.resolve_options import FuzzOptions, resolve_options
from agent_chaos.errors import AgentChaosError, UsageError
from agent_chaos.report.build_record import campaign_record
from agent_chaos.report.event import Ended, Failed, SearchEnded, SearchStarted, Started
from agent_chaos.report.exit import combined
from agent_chaos.report.open_reports import open_reports
from agent_chaos.report.reporter import Reporter, View
from agent_chaos.scenario.folders import RUNS, run_folder
from agent_chaos.search.checkpoints.beginning import Beginning
from agent_chaos.search.checkpoints.kept_results import KeptResults
from agent_chaos.search.checkpoints.merge import in_order, merged
from agent_chaos.search.corpus.failure_files import Corpus


def merge(folders: list[Path], reports: tuple[str, ...], view: View) -> int:
    """Joins what the folders hold, scenario by scenario; one that cannot be joined does not keep the others from it."""
    reporter = open_reports(reports, view)
    found = shards_in(folders)
    reporter.tell(Started(command="merge", items=len(found)))
    codes = [_one(shards, reporter) for shards in found.values()]
    code = combined(codes)
    reporter.tell(Ended(exit_code=code))
    return code


def _one(shards: list[KeptResults], reporter: Reporter) -> int:
    name = shards[0].beginning.scenario
    try:
        return _joined(in_order(shards), reporter)
    except AgentChaosError as exc:
        reporter.tell(Failed(name=name, error=str(exc), exit_code=exc.exit_code))
        return exc.exit_code


def _joined(shards: list[KeptResults], reporter: Reporter) -> int:
    asked = shards[0].beginning
    wanted = resolve_options(_options(asked))
    reporter.tell(SearchStarted(scenario=asked.scenario, max_examples=wanted.announced, seed=asked.seed))
    (loaded,) = scenarios([asked.target], [])
    stage = Rehearsals(allow_real_tools=asked.selection.allow_real_tools, judges=wanted.judges)
    rehearsal = stage.rehearsed(loaded)
    # The failures that were stored when the shards began, not those of today: shards of one campaign store
    # failures themselves.
    if differs := list(asked.differences(beginning_of(rehearsal, wanted, asked.stored))):
        raise UsageError(
            f"{asked.scenario}: the shards are of another state of the project: {'; '.join(differs)}; merge where they ran"
        )
    with silence_output():
        campaign = merged(
            rehearsal,
            shards,
            corpus=Corpus(),
            listener=lambda progress: reporter.tell(searching(asked.scenario, progress)),
            scope=wanted.scope,
            baseline=wanted.baseline,
        )
    done = campaign_record(campaign, rehearsal.notes)
    reporter.tell(SearchEnded(campaign=done))
    keep_campaign(done, run_folder(RUNS, done.scenario))
    return done.exit_code


def _options(asked: Beginning) -> FuzzOptions:
    """What the shards were asked for."""
    chosen = asked.selection
    return FuzzOptions(
        max_examples=asked.max_examples,
        seed=asked.seed,
        allow_real_tools=chosen.allow_real_tools,
        space=chosen.space,
        only_faults=chosen.only_faults,
        skip_faults=chosen.skip_faults,
        only_oracles=chosen.only_oracles,
        skip_oracles=chosen.skip_oracles,
        until_covered=chosen.until_covered,
        exhaustive=chosen.exhaustive,
        profile=chosen.profile,
    )
