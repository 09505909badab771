"""The command line's root, and the arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agent_chaos.cli.order import InOrder

app = typer.Typer(
    cls=InOrder,
    help="Record an LLM agent once, break it ten thousand ways offline, get the smallest failing fault sequence.",
    epilog="New here? agent-chaos demo shows it on a shipped agent, without a key. A TARGET is a file, a folder, file.py:scenario or pkg.module:attribute; scenarios/ by default.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,  # its renderer takes longer to load than all else
    pretty_exceptions_enable=False,
)
cassettes = typer.Typer(
    help="Look at recordings, and move them in and out.",
    epilog="Example: agent-chaos cassette show cassettes/refund.msgpack",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(cassettes, name="cassette")

Targets = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="TARGET",
        help="Scenarios: a file, a folder, file.py:scenario or pkg.module:attribute; scenarios/ by default.",
        show_default=False,
    ),
]


def stored_ids(incomplete: str) -> list[str]:
    """The stored failures that a shell can complete what was typed to."""
    return sorted(
        path.stem
        for path in Path(".agent_chaos").glob("F-*.json")
        if path.stem.startswith(incomplete.upper())
    )


def _for_real(allowed: bool) -> bool:
    if allowed:
        # Only now: a command line is read in a tenth of the time that the patches need.
        from agent_chaos.patch.files.copies import keep_real

        keep_real()
    return allowed


RealTools = Annotated[
    bool,
    typer.Option(
        "--allow-real-tools",
        callback=_for_real,
        help="Run although tools that nothing wraps would run for real; files are changed for real, too.",
    ),
]
Matching = Annotated[
    str,
    typer.Option(
        "-k",
        metavar="EXPR",
        help="Only scenarios with these words in their name or a tag: 'refund and not slow'.",
        show_default=False,
    ),
]
Tags = Annotated[
    list[str] | None,
    typer.Option(
        "--tag", metavar="TAG", help="Only scenarios with this tag; several: with all.", show_default=False
    ),
]
File = Annotated[Path, typer.Argument(metavar="FILE", help="A cassette.")]
Reports = Annotated[
    list[str] | None,
    typer.Option(
        "--report",
        metavar="NAME[:FILE]",
        help="One report more: html, junit, sarif, github, ndjson or json, to a file or to stdout. Give it again for another.",
        show_default=False,
    ),
]
