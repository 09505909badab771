"""Commands that look for failures and keep them. Bodies live in `commands`, imported when called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agent_chaos.cli.app import RealTools, Targets, app


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
