"""`agent-chaos ui`: pages about runs, campaigns and recordings, in the browser."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from agent_chaos.commands.cassette.verify import CASSETTES
from agent_chaos.errors import UsageError
from agent_chaos.report.console import console, print_error
from agent_chaos.scenario.folders import RUNS

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def ui(runs_dir: Path, cassettes: Path = CASSETTES, *, host: str, port: int) -> int:
    """Serves the folders until Ctrl-C. Raises UsageError where there is nothing to look at."""
    # A project that was only recorded has no runs yet, and its recordings can be looked at.
    if not runs_dir.is_dir() and not (runs_dir == RUNS and cassettes.is_dir()):
        raise UsageError(
            f"{runs_dir}: there is no such folder; `agent-chaos run` and `fuzz` write .agent_chaos_runs"
        )
    try:
        # Imported here: the pages stand in an extra, which a user of the other commands need not have.
        from agent_chaos.ui.server import serve_pages
    except ModuleNotFoundError as exc:
        raise UsageError(f'the pages need {exc.name}; pip install "agent-chaos[ui]"') from None
    if host not in _LOOPBACK:
        print_error(
            f"{host} can be reached from other machines; whoever has the address below can read every run"
        )
    with suppress(KeyboardInterrupt):  # uvicorn raises it again once it has ended by it
        serve_pages(runs_dir, cassettes, host=host, port=port, tell=_tell)
    return 0


def _tell(address: str) -> None:
    console().print(f"{address}\nserves until Ctrl-C", soft_wrap=True, highlight=False, markup=False)
