"""Commands that run agents. Bodies live in `commands`, imported when called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from agent_chaos.cli.app import File, Matching, RealTools, Reports, Tags, Targets, app, stored_ids
from agent_chaos.cli.plain_help import PlainHelp
from agent_chaos.errors import UsageError


@app.command(cls=PlainHelp, epilog="Example: agent-chaos record scenarios/refund.py")
def record(
    targets: Targets = None,
    matching: Matching = "",
    tags: Tags = None,
    record_mode: Annotated[
        Literal["once", "new_episodes", "all", "none"],
        typer.Option(
            "--record-mode",
            metavar="MODE",
            help="once: only where there is no cassette; new_episodes: add what is missing; all: record afresh; "
            "none: only check that all is there.",
        ),
    ] = "once",
    continued: Annotated[
        list[str] | None,
        typer.Option(
            "--continue",
            metavar="ID|all",
            help="Ask the provider what it says after the faults of a stored failure (F-7Q2K) or of an undecided plan "
            "(U-7Q2K), and add that to its cassette; further ids may follow, and 'all' is every undecided plan.",
            show_default=False,
        ),
    ] = None,
    max_calls: Annotated[
        int | None,
        typer.Option(
            "--max-calls", min=1, metavar="N", help="Live calls that --continue may make.", show_default=False
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Go online for --continue without asking.")] = False,
    seed: Annotated[
        int | None,
        typer.Option("--seed", min=0, metavar="N", help="That of the run it is for.", show_default=False),
    ] = None,
    served: Annotated[
        Path | None,
        typer.Option(
            "--serve",
            metavar="CASSETTE",
            help="Run no agent: pass on what an app that is started elsewhere asks its providers, until Ctrl-C, and keep it.",
            show_default=False,
        ),
    ] = None,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, metavar="PORT", help="Of --serve; 0 for a free one.")
    ] = 8700,
    tls: Annotated[
        Path | None,
        typer.Option(
            "--tls",
            metavar="FILE",
            help="With --serve: be an HTTPS proxy, too; the certificate to trust is written to FILE.",
            show_default=False,
        ),
    ] = None,
    report: Reports = None,
) -> int:
    """Run agents live once, and keep what was said in cassettes/. Of variants, what their chaos makes them ask."""
    if served is not None:
        # In its branch: what serves HTTP and makes certificates is imported by those who ask for it.
        from agent_chaos.commands.record_serve import record_serve

        if targets:
            raise UsageError("--serve runs no agent, so it takes no targets; start the app yourself")
        return record_serve(served, mode=record_mode, port=port, tls=tls)
    if continued:
        from agent_chaos.commands.record_continue import continue_

        # An option takes one value: ids that stand behind the first arrive as targets.
        return continue_([*continued, *(targets or [])], yes=yes, max_calls=max_calls)
    from agent_chaos.commands import record as body
    from agent_chaos.scenario.selector import Selector

    wanted = Selector(matching, tuple(tags or ()))
    return body.record(targets or [], mode=record_mode, seed=seed, reports=report or (), selector=wanted)


@app.command(cls=PlainHelp, epilog="Example: agent-chaos replay F-7Q2K")
def replay(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TARGET|FAILURE",
            autocompletion=stored_ids,
            help="Scenarios, stored failures as F-7Q2K, or undecided plans as U-7Q2K; by default every cassette and every stored failure.",
            show_default=False,
        ),
    ] = None,
    matching: Matching = "",
    tags: Tags = None,
    report: Reports = None,
    allow_real_tools: RealTools = False,
) -> int:
    """Run recordings and stored failures again, offline."""
    from agent_chaos.commands import replay as body
    from agent_chaos.scenario.selector import Selector

    wanted = Selector(matching, tuple(tags or ()))
    return body.replay(what or [], allow_real_tools=allow_real_tools, reports=report or (), selector=wanted)


@app.command("run", cls=PlainHelp, epilog="Example: agent-chaos run scenarios/ --fail-fast")
def run_scenarios(
    targets: Targets = None,
    matching: Matching = "",
    tags: Tags = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", min=0, metavar="N", help="Of faults with a probability.", show_default=False),
    ] = None,
    fail_fast: Annotated[
        bool, typer.Option("-x", "--fail-fast", help="Stop at the first that does not pass.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list scenarios and their faults.")] = False,
    recursive: Annotated[
        bool, typer.Option("--recursive/--flat", help="Look into folders of folders.")
    ] = True,
    glob: Annotated[str, typer.Option("--glob", metavar="PATTERN", help="Files of a folder.")] = "*.py",
    artifacts_dir: Annotated[
        Path, typer.Option("--artifacts-dir", metavar="DIR", help="Where the results go.")
    ] = Path(".agent_chaos_runs"),
    workers: Annotated[
        int, typer.Option("--workers", min=0, metavar="N", help="Processes to run in; 0 for one per core.")
    ] = 1,
    no_events: Annotated[bool, typer.Option("--no-events", help="Keep no events.jsonl.")] = False,
    live: Annotated[
        bool,
        typer.Option(
            "--live", help="Against the real providers, with chaos; tools run, nothing is recorded."
        ),
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Never go online, not even to record what has no recording yet.")
    ] = False,
    report: Reports = None,
    allow_real_tools: RealTools = False,
) -> int:
    """Run scenarios offline with the chaos that they configure. Their assertions are checked."""
    from agent_chaos.commands import run as body
    from agent_chaos.commands.run_one import Wanted
    from agent_chaos.scenario.selector import Selector

    selector = Selector(matching, tuple(tags or ()))
    wanted = Wanted(
        tuple(targets or ()), recursive, glob, seed, not no_events, allow_real_tools, live, selector
    )
    return body.run(
        wanted,
        workers=workers,
        fail_fast=fail_fast,
        dry_run=dry_run,
        offline=offline,
        artifacts_dir=artifacts_dir,
        reports=report or (),
    )


@app.command(cls=PlainHelp, epilog="Example: agent-chaos ui --port 8765")
def ui(
    runs_dir: Annotated[Path, typer.Argument(metavar="RUNS_DIR", help="What `run` and `fuzz` wrote.")] = Path(
        ".agent_chaos_runs"
    ),
    cassettes: Annotated[
        Path, typer.Option("--cassettes", metavar="DIR", help="The recordings to show.")
    ] = Path("cassettes"),
    host: Annotated[str, typer.Option("--host", metavar="HOST", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, metavar="PORT", help="0 for a free one.")
    ] = 8765,
) -> int:
    """Look at runs, campaigns and recordings in the browser."""
    from agent_chaos.commands import ui as body

    return body.ui(runs_dir, cassettes, host=host, port=port)


@app.command(cls=PlainHelp, epilog="Example: agent-chaos serve cassettes/refund.msgpack --plan F-7Q2K")
def serve(
    cassette: File,
    plan: Annotated[
        str,
        typer.Option("--plan", metavar="FAILURE|FILE", help="Faults to serve it with.", show_default=False),
    ] = "",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, metavar="PORT", help="0 for a free one.")
    ] = 8700,
    speed: Annotated[
        float,
        typer.Option(
            "--speed", min=0.0, metavar="N", help="Recorded seconds in a real one; 0 waits for nothing."
        ),
    ] = 0.0,
    tls: Annotated[
        Path | None,
        typer.Option(
            "--tls",
            metavar="FILE",
            help="Be an HTTPS proxy, too; the certificate to trust is written to FILE.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Serve a recording over HTTP on this machine. For agents that are started elsewhere."""
    from agent_chaos.commands import serve as body

    return body.serve(cassette, plan=plan, port=port, speed=speed, tls=tls)
