"""`agent-chaos fuzz`: searches each scenario for failures and reports them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from agent_chaos.commands.checkpoints import checkpoint_of
from agent_chaos.commands.failures import failure_store
from agent_chaos.commands.output import silence_output
from agent_chaos.commands.prepare import Rehearsals, scenarios, tell_skipped
from agent_chaos.commands.resolve_options import Chosen, FuzzOptions, resolve_options
from agent_chaos.commands.search_workers import most_processes, searched_in
from agent_chaos.errors import AgentChaosError, ExitCode
from agent_chaos.files import write_text
from agent_chaos.report.build_record import campaign_record
from agent_chaos.report.document import CampaignRecord, Document
from agent_chaos.report.event import Ended, Failed, Said, SearchEnded, Searching, SearchStarted, Started
from agent_chaos.report.exit import combined
from agent_chaos.report.open_reports import open_reports
from agent_chaos.report.printable import count
from agent_chaos.report.reporter import Reporter
from agent_chaos.scenario.loader import Loaded
from agent_chaos.search.campaign import Progress
from agent_chaos.search.corpus.failure_files import Corpus
from agent_chaos.search.search import find_failures as search


def fuzz(targets: list[str], asked: FuzzOptions) -> int:
    """Searches every scenario of the targets; one that cannot be searched does not keep the others from it."""
    wanted = resolve_options(asked)
    reporter = open_reports(asked.reports, asked.view)
    stage = Rehearsals(allow_real_tools=asked.allow_real_tools, judges=wanted.judges)
    codes: list[int] = []
    every = scenarios(targets, codes, asked.selector)
    broken = len(codes)
    reporter.tell(Started(command="fuzz", items=len(every)))
    for loaded in every:
        codes.append(_one(loaded, stage, reporter, asked, wanted))
        # Ctrl-C ends all that is left, not this scenario alone.
        if codes[-1] == ExitCode.INTERRUPTED or (asked.stop_on_first and codes[-1] == ExitCode.FAILED):
            break
    code = combined(codes)
    if left := len(every) - len(codes) + broken:
        why = "interrupted" if codes[-1] == ExitCode.INTERRUPTED else "stopped at the first failure"
        reporter.tell(Said(text=f"{count(left, 'scenario')} not searched: {why}", tone="warning"))
    tell_skipped(reporter, broken)
    reporter.tell(Ended(exit_code=code))
    return code


def _one(loaded: Loaded, stage: Rehearsals, reporter: Reporter, asked: FuzzOptions, wanted: Chosen) -> int:
    """Searches one scenario, reports and keeps its campaign; its exit code."""
    try:
        return searched(loaded, stage, reporter, asked, wanted, corpus=Corpus()).exit_code
    except AgentChaosError as exc:
        reporter.tell(Failed(name=loaded.scenario.name, error=str(exc), exit_code=exc.exit_code))
        return exc.exit_code


def searched(
    loaded: Loaded,
    stage: Rehearsals,
    reporter: Reporter,
    asked: FuzzOptions,
    wanted: Chosen,
    *,
    corpus: Corpus | None,
) -> CampaignRecord:
    """Searches one scenario, reports and keeps its campaign; failures are stored where there is a corpus.

    Raises what `Rehearsals.rehearsed` raises.
    """
    name = loaded.scenario.name
    reporter.tell(SearchStarted(scenario=name, max_examples=wanted.announced, seed=wanted.seed))
    rehearsal = stage.rehearsed(loaded)
    checkpoint = checkpoint_of(rehearsal, wanted, corpus, resume=asked.resume)
    # The checkpoint outlives the executor: what workers still give back as they end is written, too.
    with silence_output(), closing(checkpoint), searched_in(rehearsal, asked, wanted) as executor:
        campaign = search(
            rehearsal,
            max_examples=wanted.max_examples,
            seed=wanted.seed,
            max_time_s=wanted.max_time_s,
            corpus=corpus,
            listener=lambda progress: reporter.tell(searching(name, progress)),
            scope=wanted.scope,
            baseline=wanted.baseline,
            until_covered=asked.until_covered,
            until_stale=asked.until_stale,
            stop_on_first=asked.stop_on_first,
            exhaustive=asked.exhaustive,
            executor=executor,
            shard=wanted.shard,
            checkpoint=checkpoint,
        )
    done = campaign_record(campaign, (*rehearsal.notes, *notes_of(asked, wanted)))
    reporter.tell(SearchEnded(campaign=done))
    # After the report: a campaign that cannot be written (a full disk) was told at least.
    keep_campaign(done, checkpoint.path.parent)
    return done


def notes_of(asked: FuzzOptions, wanted: Chosen) -> Iterator[str]:
    """What is to be said of how a search ran."""
    if wanted.shard.count > 1:
        yield f"This is shard {wanted.shard}; agent-chaos merge joins it with the others."
    if asked.workers > (most := most_processes()):
        yield f"--workers {asked.workers}: at most {most} processes run, four for each core of this machine."


def searching(scenario: str, progress: Progress) -> Searching:
    """Where a search is, as an event."""
    return Searching(
        scenario=scenario,
        phase=progress.phase,
        done=progress.done,
        total=progress.total,
        failures=progress.failures,
        seconds=progress.seconds,
        found=progress.found,
    )


def keep_campaign(campaign: CampaignRecord, folder: Path) -> None:
    """Writes a campaign into its folder, and its undecided plans where `record --continue` finds them."""
    document = Document(exit_code=campaign.exit_code, campaigns=(campaign,))
    write_text(folder / "campaign.json", document.to_json())
    for plan in campaign.undecided_plans:
        failure_store.keep_undecided(plan)
