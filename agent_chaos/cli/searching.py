"""Commands that look for failures and keep them. Bodies live in `commands`, imported when called."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from agent_chaos.cli import search_options as options
from agent_chaos.cli.app import Matching, RealTools, Reports, Tags, Targets, app, stored_ids
from agent_chaos.cli.plain_help import PlainHelp
from agent_chaos.errors import UsageError


@app.command(cls=PlainHelp, epilog="Example: agent-chaos fuzz scenarios/refund.py --max-examples 200")
@options.searches
def fuzz(
    targets: Targets = None,
    matching: Matching = "",
    tags: Tags = None,
    stop_on_first: options.StopOnFirst = False,
    search: options.SearchOptions = options.NOTHING_TYPED,
    workers: options.Workers = 0,
    space: options.SpaceTarget = "",
    until_covered: options.UntilCovered = False,
    until_stale: options.UntilStale = None,
    executor: options.ExecutorName = "",
    exhaustive: options.Exhaustive = 0,
    shard: options.ShardName = "",
    resume: options.Resume = False,
    continued: options.Continue = False,
    max_calls: options.MaxCalls = None,
    yes: options.Yes = False,
    coverage: options.Coverage = False,
    json: options.JsonFile = None,
    html: options.HtmlFile = None,
    report: Reports = None,
    full: options.Full = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    allow_real_tools: RealTools = False,
) -> int:
    """Search for failures offline, and make each as small as it gets."""
    if continued != (max_calls is not None):
        raise UsageError("--continue and --max-calls N go together: ask the provider at most N times")
    from agent_chaos.commands import fuzz as body
    from agent_chaos.report.reporter import View
    from agent_chaos.scenario.selector import Selector

    asked = replace(
        search.options(),
        selector=Selector(matching, tuple(tags or ())),
        stop_on_first=stop_on_first,
        workers=workers,
        allow_real_tools=allow_real_tools,
        space=space,
        until_covered=until_covered,
        until_stale=until_stale,
        executor=executor,
        exhaustive=bool(exhaustive),
        shard=shard,
        resume=resume,
        reports=options.reports(report, json=json, html=html),
        view=View(verbosity=verbose - quiet, full=full, coverage=coverage),
    )
    if max_calls is not None:
        from agent_chaos.commands.fuzz_continue import fuzz_and_continue

        return fuzz_and_continue(targets or [], asked, max_calls=max_calls, yes=yes)
    return body.fuzz(targets or [], asked)


@app.command(cls=PlainHelp, epilog="Example: agent-chaos compare old.json scenarios/refund.py")
@options.searches
def compare(
    before: Annotated[
        str,
        typer.Argument(metavar="BEFORE", help="A scenario, or what `fuzz --json FILE` wrote of it earlier."),
    ],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="The scenario as it is now.")],
    search: options.SearchOptions = options.NOTHING_TYPED,
    workers: options.Workers = 0,
    report: Reports = None,
    allow_real_tools: RealTools = False,
) -> int:
    """Compare two versions of an agent. Its findings are new, fixed or the same; exit code 1 where one is new."""
    from agent_chaos.commands import compare as body
    from agent_chaos.report.reporter import View

    asked = replace(
        search.options(),
        workers=workers,
        allow_real_tools=allow_real_tools,
        reports=tuple(report or ()),
        # A line for each search: the comparison behind them is the report.
        view=View(verbosity=-1),
    )
    return body.compare(before, after, asked)


@app.command(cls=PlainHelp, epilog="Example: agent-chaos merge shards/")
def merge(
    folders: Annotated[
        list[Path],
        typer.Argument(
            metavar="DIR", help="Folders that hold what each `fuzz --shard K/N` left in .agent_chaos_runs/."
        ),
    ],
    coverage: options.Coverage = False,
    json: options.JsonFile = None,
    html: options.HtmlFile = None,
    report: Reports = None,
    full: options.Full = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> int:
    """Join the shards of a campaign. The report and the exit code are those of all of them together."""
    from agent_chaos.commands import merge as body
    from agent_chaos.report.reporter import View

    return body.merge(
        folders,
        reports=options.reports(report, json=json, html=html),
        view=View(verbosity=verbose - quiet, full=full, coverage=coverage),
    )


@app.command(cls=PlainHelp, epilog="Example: agent-chaos show F-7Q2K")
def show(
    failures: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FAILURE",
            autocompletion=stored_ids,
            help="Failures, as F-7Q2K, or findings of the latest campaign by number; by default the findings of every scenario's latest campaign.",
            show_default=False,
        ),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Without names: every finding in full.")] = False,
) -> int:
    """Show failures in full, as the campaign that found them saw them."""
    from agent_chaos.commands.failures import show as body

    return body.show(failures or [], full=full)


@app.command(cls=PlainHelp, epilog="Example: agent-chaos accept F-7Q2K --reason known --until 2027-01-31")
def accept(
    failures: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FAILURE|all",
            autocompletion=stored_ids,
            help="Stored failures, as F-7Q2K; all: each that is not accepted yet, with --remove each that is. Without "
            "one what is accepted is listed.",
            show_default=False,
        ),
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why you live with it.", show_default=False)
    ] = "",
    until: Annotated[
        str,
        typer.Option("--until", metavar="DAY", help="The last day of it, as 2027-01-31.", show_default=False),
    ] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Accept them no longer.")] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove what has expired, and what is stored no longer.")
    ] = False,
) -> int:
    """Accept known failures until a day: they are told, and fail nothing."""
    from agent_chaos.commands.failures import accept as body

    if prune:
        return body.prune()
    if not failures:
        return body.list_accepted()
    if remove:
        return body.remove(failures)
    return body.accept(failures, reason=reason, until=until)


@app.command(cls=PlainHelp, epilog="Example: agent-chaos shrink F-7Q2K")
def shrink(
    failures: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FAILURE",
            autocompletion=stored_ids,
            help="Stored failures; by default all. With --plan: the scenario that it is for.",
            show_default=False,
        ),
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A plan as JSON, from wherever it came.", show_default=False),
    ] = None,
    report: Reports = None,
    allow_real_tools: RealTools = False,
) -> int:
    """Make failing plans as small as they get, and store what came out."""
    from agent_chaos.commands import shrink as body

    if plan is not None:
        return body.shrink_plan(failures or [], plan, allow_real_tools=allow_real_tools, reports=report or ())
    return body.shrink(failures or [], allow_real_tools=allow_real_tools, reports=report or ())


@app.command(cls=PlainHelp, epilog="Example: agent-chaos export F-7Q2K -o tests/test_refund_cut.py")
def export(
    failures: Annotated[
        list[str],
        typer.Argument(
            metavar="FAILURE|all",
            autocompletion=stored_ids,
            help="Stored failures, as F-7Q2K, or all of them.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="File to write instead of stdout.", show_default=False
        ),
    ] = None,
) -> int:
    """Print stored failures as ordinary pytest tests."""
    from agent_chaos.commands.failures import export as body

    return body.export(failures, output)
