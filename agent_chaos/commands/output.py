"""What commands say besides their reports: one line for an error, and silence for the agents they run."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

from rich.text import Text

from agent_chaos.errors import ScenarioError
from agent_chaos.report.console import console
from agent_chaos.report.printable import printable


def print_line(text: str, style: str = "") -> None:
    """Prints a line on stdout, however long it is: a path or a command that is broken over two lines cannot be copied."""
    console().print(Text(printable(text), style), soft_wrap=True)


def say_skipped(missing: ScenarioError) -> None:
    """One line for a file that cannot be loaded here, and what would change that."""
    text = Text.assemble(("SKIPPED", "bold yellow"), f"  {printable(str(missing))}")
    console().print(text, soft_wrap=True)


@contextmanager
def silence_output() -> Iterator[None]:
    """Keeps what agents print and log out of the report: a search would print it hundreds of times."""
    # Handlers hold the stream that was stderr when they were made, so that redirecting stderr does not reach them.
    # What `logging.disable` sets; there is no public way to ask for it.
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(before)
