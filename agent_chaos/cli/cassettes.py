"""Commands on recordings. Bodies live in `commands`, imported when called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agent_chaos.cli.app import File, Matching, Tags, Targets, cassettes
from agent_chaos.cli.plain_help import PlainHelp


@cassettes.command(
    "show", cls=PlainHelp, epilog="Example: agent-chaos cassette show cassettes/refund.msgpack"
)
def cassette_show(file: File) -> int:
    """Print a cassette as text. As a git textconv driver: git config diff.cassette.textconv "agent-chaos cassette show"."""
    from agent_chaos.commands.cassette import show as body

    return body.show(file)


@cassettes.command("import", cls=PlainHelp, epilog="Example: agent-chaos cassette import fixtures/order.yaml")
def cassette_import(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A recording of VCR.py, Ruby's VCR or go-vcr, an HTTP archive, or a trace: OpenTelemetry or OpenInference (OTLP as JSON), Langfuse or LangSmith.",
        ),
    ],
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
    streamed: Annotated[
        bool,
        typer.Option(
            "--streamed", help="Of a trace: the agent streams its replies, which traces do not tell."
        ),
    ] = False,
) -> int:
    """Turn a recording of another tool into a cassette."""
    from agent_chaos.commands.cassette import import_file as body

    return body.import_(file, output, force=force, streamed=streamed)


@cassettes.command(
    "export",
    cls=PlainHelp,
    epilog="Example: agent-chaos cassette export cassettes/refund.msgpack -o refund.har",
)
def cassette_export(
    file: File,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="File to write: .yaml or .json for VCR.py, .har for an HTTP archive.",
            show_default=False,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over an earlier file.")] = False,
) -> int:
    """Turn a cassette into a file for other tools."""
    from agent_chaos.commands.cassette import export as body

    return body.export(file, output, force=force)


@cassettes.command(
    "verify", cls=PlainHelp, epilog="Example: agent-chaos cassette verify cassettes/refund.msgpack"
)
def cassette_verify(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE", help="Cassettes; by default all of cassettes/.", show_default=False),
    ] = None,
) -> int:
    """Check that cassettes are whole, and hold no secret."""
    from agent_chaos.commands.cassette import verify as body

    return body.verify(files or [])


@cassettes.command("diff", cls=PlainHelp, epilog="Example: agent-chaos cassette diff old.msgpack new.msgpack")
def cassette_diff(
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="A cassette.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="Another one.")],
) -> int:
    """Compare what two recordings say, not their bytes."""
    from agent_chaos.commands.cassette import diff as body

    return body.diff(before, after)


@cassettes.command("stats", cls=PlainHelp, epilog="Example: agent-chaos cassette stats")
def cassette_stats(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE", help="Cassettes; by default all of cassettes/.", show_default=False),
    ] = None,
) -> int:
    """Print cassettes in figures: calls, tools, tokens, hosts."""
    from agent_chaos.commands.cassette import stats as body

    return body.stats(files or [])


@cassettes.command("check", cls=PlainHelp, epilog="Example: agent-chaos cassette check")
def cassette_check(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE", help="Cassettes; by default all of cassettes/.", show_default=False),
    ] = None,
    max_age: Annotated[
        int, typer.Option("--max-age", metavar="DAYS", min=0, help="Older cassettes are noted.")
    ] = 180,
) -> int:
    """Check for secrets, age, and what SDKs or replay cannot read."""
    from agent_chaos.commands.cassette import check as body

    return body.check(files or [], max_age)


@cassettes.command(
    "refresh", cls=PlainHelp, epilog="Example: agent-chaos cassette refresh scenarios/refund.py"
)
def cassette_refresh(targets: Targets = None, matching: Matching = "", tags: Tags = None) -> int:
    """Record afresh, live, and show what is said differently."""
    from agent_chaos.commands.cassette import refresh as body
    from agent_chaos.scenario.selector import Selector

    return body.refresh(targets or [], Selector(matching, tuple(tags or ())))


@cassettes.command(
    "repair", cls=PlainHelp, epilog="Example: agent-chaos cassette repair cassettes/refund.msgpack.journal"
)
def cassette_repair(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A damaged cassette, or a .journal.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="File to write.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over an earlier file.")] = False,
) -> int:
    """Keep every whole record of a damaged file."""
    from agent_chaos.commands.cassette import repair as body

    return body.repair(file, output, force=force)
