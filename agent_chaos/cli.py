"""The command line: what can be asked, and how errors are told. Bodies live in `commands`, imported when called."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from typing import Annotated, Literal

import typer

from agent_chaos import __version__
from agent_chaos.errors import AgentChaosError, TrialStop

app = typer.Typer(
    help="Record an LLM agent once, break it ten thousand ways offline, get the smallest failing fault sequence.",
    epilog="A TARGET is a file, a folder, file.py:scenario or pkg.module:attribute; scenarios/ by default.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cassettes = typer.Typer(help="Look at recordings, and move them in and out.", no_args_is_help=True)
app.add_typer(cassettes, name="cassette")

_UsageError: type[Exception] = typer.BadParameter.__mro__[1]
_INTERRUPTED, _USAGE, _INTERNAL = 130, 2, 5

Targets = Annotated[
    list[str] | None, typer.Argument(metavar="TARGET", help="What to run.", show_default=False)
]
RealTools = Annotated[
    bool, typer.Option("--allow-real-tools", help="Run although tools that nothing wraps would run for real.")
]
File = Annotated[Path, typer.Argument(metavar="FILE", help="A cassette.")]


def main() -> None:
    """Entry point of the `agent-chaos` command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Runs one command and returns its exit code; an error is told in one line on stderr."""
    debug = "--debug" in arguments
    try:
        wanted = [argument for argument in arguments if argument != "--debug"]
        return int(app(args=wanted, prog_name="agent-chaos", standalone_mode=False) or 0)
    except (KeyboardInterrupt, typer.Abort):
        return _told("interrupted", _INTERRUPTED)
    except AgentChaosError as exc:
        return _told(str(exc), exc.exit_code, debug=debug)
    except _UsageError as exc:
        return _misused(exc)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (Exception, TrialStop) as exc:  # noqa: BLE001 - whatever broke is told in one line
        return _told(f"internal error: {type(exc).__name__}: {exc}", _INTERNAL, debug=debug)


def _told(message: str, code: int, *, debug: bool = False) -> int:
    from agent_chaos.commands.speak import complain

    if debug:
        traceback.print_exc()
    complain(message)
    return code


def _misused(exc: Exception) -> int:
    """A word the command line does not know; nothing is said where help was already printed."""
    message = getattr(exc, "format_message", lambda: str(exc))()
    context = getattr(exc, "ctx", None)
    command = context.command_path if context else "agent-chaos"
    return _told(f"{message} (see {command} --help)", _USAGE) if message else _USAGE


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"agent-chaos {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")] = False,
) -> None:
    """Options of every command."""


@app.command()
def record(
    targets: Targets = None,
    record_mode: Annotated[
        Literal["once", "new_episodes", "all", "none"],
        typer.Option(
            "--record-mode",
            metavar="MODE",
            help="once: only where there is no cassette; new_episodes: add what is missing; all: record afresh; "
            "none: only check that all is there.",
        ),
    ] = "once",
) -> int:
    """Run agents live once, and keep what was said in cassettes/."""
    from agent_chaos.commands import record as body

    return body.record(targets or [], mode=record_mode)


@app.command()
def replay(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TARGET|FAILURE",
            help="Scenarios, or stored failures as F-7Q2K; by default every cassette and every stored failure.",
            show_default=False,
        ),
    ] = None,
    allow_real_tools: RealTools = False,
) -> int:
    """Run recordings and stored failures again, offline."""
    from agent_chaos.commands import replay as body

    return body.replay(what or [], allow_real_tools=allow_real_tools)


@app.command("run")
def run_scenarios(
    targets: Targets = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", min=0, metavar="N", help="Of faults with a probability.", show_default=False),
    ] = None,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="Stop at the first that does not pass.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list scenarios and their faults.")] = False,
    recursive: Annotated[
        bool, typer.Option("--recursive/--flat", help="Look into folders of folders.")
    ] = True,
    glob: Annotated[str, typer.Option("--glob", metavar="PATTERN", help="Files of a folder.")] = "*.py",
    artifacts_dir: Annotated[
        Path, typer.Option("--artifacts-dir", metavar="DIR", help="Where the results go.")
    ] = Path(".agent_chaos_runs"),
    allow_real_tools: RealTools = False,
) -> int:
    """Run scenarios with the chaos they configure, offline, and check their assertions."""
    from agent_chaos.commands import run as body

    return body.run(
        targets or [],
        seed=seed,
        fail_fast=fail_fast,
        dry_run=dry_run,
        recursive=recursive,
        glob=glob,
        artifacts_dir=artifacts_dir,
        allow_real_tools=allow_real_tools,
    )


@app.command()
def fuzz(
    targets: Targets = None,
    max_examples: Annotated[
        int, typer.Option("--max-examples", min=1, metavar="N", help="Examples per scenario.")
    ] = 200,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Same seed, same examples.")] = 0,
    max_time: Annotated[
        float | None,
        typer.Option(
            "--max-time", min=0.0, metavar="S", help="Real seconds per scenario.", show_default=False
        ),
    ] = None,
    json: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Write the report to this file too.", show_default=False),
    ] = None,
    allow_real_tools: RealTools = False,
) -> int:
    """Search for failures offline, and make each as small as it gets."""
    from agent_chaos.commands import fuzz as body

    return body.fuzz(
        targets or [],
        max_examples=max_examples,
        seed=seed,
        max_time_s=max_time,
        json_file=json,
        allow_real_tools=allow_real_tools,
    )


@app.command()
def shrink(
    failures: Annotated[
        list[str] | None,
        typer.Argument(metavar="FAILURE", help="Stored failures; by default all.", show_default=False),
    ] = None,
    allow_real_tools: RealTools = False,
) -> int:
    """Make the plans of stored failures as small as they get."""
    from agent_chaos.commands import shrink as body

    return body.shrink(failures or [], allow_real_tools=allow_real_tools)


@app.command()
def export(
    failure: Annotated[str, typer.Argument(metavar="FAILURE", help="A stored failure, as F-7Q2K.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="File to write instead of stdout.", show_default=False
        ),
    ] = None,
) -> int:
    """Print a stored failure as an ordinary pytest test."""
    from agent_chaos.commands import export as body

    return body.export(failure, output)


@cassettes.command("show")
def cassette_show(file: File) -> int:
    """Print a cassette as text. As a git textconv driver: git config diff.cassette.textconv "agent-chaos cassette show"."""
    from agent_chaos.commands import cassette_show as body

    return body.show(file)


@cassettes.command("import")
def cassette_import(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A cassette of VCR.py, YAML or JSON.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="File to write; cassettes/<name>.msgpack by default.",
            show_default=False,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over an earlier cassette.")] = False,
) -> int:
    """Turn a cassette of VCR.py into one of agent-chaos."""
    from agent_chaos.commands import cassette_import as body

    return body.import_(file, output, force=force)


@cassettes.command("export")
def cassette_export(
    file: File,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="File to write, .yaml or .json.", show_default=False
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over an earlier file.")] = False,
) -> int:
    """Turn a cassette into one that VCR.py reads."""
    from agent_chaos.commands import cassette_export as body

    return body.export(file, output, force=force)


@cassettes.command("verify")
def cassette_verify(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE", help="Cassettes; by default all of cassettes/.", show_default=False),
    ] = None,
) -> int:
    """Check that cassettes are whole, and hold no secret."""
    from agent_chaos.commands import cassette_verify as body

    return body.verify(files or [])
