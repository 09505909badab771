"""Commands that say what agent-chaos knows. Bodies live in `commands`, imported when called."""

from __future__ import annotations

from typing import Annotated

import typer

from agent_chaos.cli.app import app
from agent_chaos.cli.plain_help import PlainHelp

Pattern = Annotated[
    str,
    typer.Argument(metavar="PATTERN", help="Words of a name, a family or what it does.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
AsMarkdown = Annotated[bool, typer.Option("--markdown", help="As a page of Markdown.")]


@app.command(cls=PlainHelp, epilog="Example: agent-chaos faults timeout")
def faults(pattern: Pattern = "", json: AsJson = False, markdown: AsMarkdown = False) -> int:
    """List the faults that can be injected. Each says what it does, where it acts, how it is written, and who met it."""
    from agent_chaos.commands.catalogue import faults as body

    return body.faults(pattern, json=json, markdown=markdown)


@app.command(cls=PlainHelp, epilog="Example: agent-chaos oracles tool")
def oracles(pattern: Pattern = "", json: AsJson = False, markdown: AsMarkdown = False) -> int:
    """List the oracles that judge a run. Each says what it judges, what it needs, and what to do about what it finds."""
    from agent_chaos.commands.catalogue import oracles as body

    return body.oracles(pattern, json=json, markdown=markdown)


@app.command(cls=PlainHelp, epilog="Example: agent-chaos explain UNDECIDED")
def explain(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="WORD",
            help="An oracle, a fault, a verdict, an exit code; without one all that are not oracles or faults.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Say what a word of a report means."""
    from agent_chaos.commands.catalogue import explain as body

    return body.explain(words or [])
