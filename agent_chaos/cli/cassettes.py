"""Commands on recordings. Bodies live in `commands`, imported when called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agent_chaos.cli.app import File, cassettes


@cassettes.command("show")
def cassette_show(file: File) -> int:
    """Print a cassette as text. As a git textconv driver: git config diff.cassette.textconv "agent-chaos cassette show"."""
    from agent_chaos.commands.cassette import show as body

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
    from agent_chaos.commands.cassette import import_file as body

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
    from agent_chaos.commands.cassette import export as body

    return body.export(file, output, force=force)


@cassettes.command("verify")
def cassette_verify(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE", help="Cassettes; by default all of cassettes/.", show_default=False),
    ] = None,
) -> int:
    """Check that cassettes are whole, and hold no secret."""
    from agent_chaos.commands.cassette import verify as body

    return body.verify(files or [])
