"""Commands about a project and its environment. Bodies live in `commands`, imported when called."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from agent_chaos.cli import search_options as options
from agent_chaos.cli.app import app
from agent_chaos.cli.plain_help import PlainHelp


@app.command(cls=PlainHelp, epilog="Example: agent-chaos demo --into /tmp/demo")
def demo(
    into: Annotated[Path, typer.Option("--into", metavar="DIR", help="A folder to make.")] = Path(
        "agent-chaos-demo"
    ),
) -> int:
    """See it work on a shipped agent. A failure is found, fixed, and seen gone. No key, no network."""
    from agent_chaos.commands.project import demo as body

    return body.demo(into)


@app.command(cls=PlainHelp, epilog="Example: agent-chaos init --yes")
def init(
    yes: Annotated[bool, typer.Option("--yes", help="Write everything without asking.")] = False,
) -> int:
    """Start in a project: a first scenario, a CI workflow, settings. Each is written after asking."""
    from agent_chaos.commands.project import init as body

    return body.init(yes=yes)


@app.command(cls=PlainHelp, epilog="Example: agent-chaos doctor")
def doctor() -> int:
    """Check versions, keys, cassettes, and what can be intercepted."""
    from agent_chaos.commands.project import doctor as body

    return body.doctor()


@app.command(cls=PlainHelp, epilog="Example: agent-chaos config --origin")
@options.searches
def config(
    origin: Annotated[bool, typer.Option("--origin", help="Say where each value comes from.")] = False,
    search: options.SearchOptions = options.NOTHING_TYPED,
    space: options.SpaceTarget = "",
) -> int:
    """Print the settings in force, as lines of pyproject.toml. With options of `fuzz`: those it would search with."""
    from agent_chaos.commands import config as body

    return body.config(replace(search.options(), space=space), origin=origin)
