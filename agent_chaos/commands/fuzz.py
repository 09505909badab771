"""`agent-chaos fuzz`: searches each scenario for failures and reports them."""

from __future__ import annotations

from agent_chaos.commands import failure_store
from agent_chaos.commands.failure_store import RUNS
from agent_chaos.commands.output import complain, hushed
from agent_chaos.commands.prepare import Stage, scenarios
from agent_chaos.commands.resolve_options import Chosen, FuzzOptions, chosen
from agent_chaos.errors import AgentChaosError
from agent_chaos.files import write_text
from agent_chaos.report.document import Document, record
from agent_chaos.report.exit import combined, exit_code
from agent_chaos.report.json import JsonReporter
from agent_chaos.report.reporter import Reporter
from agent_chaos.report.several import Several
from agent_chaos.report.terminal import TerminalReporter, console
from agent_chaos.scenario.folders import run_folder
from agent_chaos.scenario.loader import Loaded
from agent_chaos.search.campaign import Campaign
from agent_chaos.search.corpus.stored import Corpus
from agent_chaos.search.search import fuzz as search


def fuzz(targets: list[str], asked: FuzzOptions) -> int:
    """Searches every scenario of the targets; one that cannot be searched does not keep the others from it."""
    wanted = chosen(asked)
    reporters: list[Reporter] = [TerminalReporter(console(), coverage=asked.coverage)]
    if asked.json_file is not None:
        reporters.append(JsonReporter(asked.json_file))
    reporter = Several(*reporters)
    stage = Stage(allow_real_tools=asked.allow_real_tools, judges=wanted.judges)
    codes = []
    for loaded in scenarios(targets):
        reporter.start(loaded.scenario.name, max_examples=wanted.announced, seed=wanted.seed)
        codes.append(_one(loaded, stage, reporter, asked, wanted))
        if codes[-1] == 130:
            break
    code = combined(codes)
    reporter.close(code)
    return code


def _one(loaded: Loaded, stage: Stage, reporter: Reporter, asked: FuzzOptions, wanted: Chosen) -> int:
    """Searches one scenario, reports and keeps its campaign; its exit code."""
    try:
        rehearsal = stage.rehearsed(loaded)
        with hushed():
            campaign = search(
                rehearsal,
                max_examples=wanted.max_examples,
                seed=wanted.seed,
                max_time_s=asked.max_time_s,
                corpus=Corpus(),
                listener=reporter.progress,
                scope=wanted.scope,
                baseline=wanted.baseline,
                until_covered=asked.until_covered,
                exhaustive=asked.exhaustive,
            )
    except AgentChaosError as exc:
        reporter.stop(loaded.scenario.name, exc)
        complain(exc)
        return exc.exit_code
    reporter.finish(campaign, rehearsal.notes)
    _keep(campaign, rehearsal.notes)
    return exit_code(campaign)


def _keep(campaign: Campaign, notes: tuple[str, ...]) -> None:
    code = exit_code(campaign)
    document = Document(exit_code=code, campaigns=(record(campaign, notes),))
    folder = run_folder(RUNS, campaign.scenario)
    write_text(folder / "campaign.json", document.to_json())
    for plan in campaign.undecided_plans:
        failure_store.keep_undecided(plan)
