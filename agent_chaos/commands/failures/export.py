"""`agent-chaos export`: stored failures as ordinary pytest tests, in one file."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from agent_chaos.commands.failures import failure_store
from agent_chaos.commands.output import print_line
from agent_chaos.errors import UsageError
from agent_chaos.files import write_text
from agent_chaos.search.corpus.export import pytest_source


def export(names: Sequence[str], output: Path | None) -> int:
    """Writes the tests of the named failures, `all` those that are stored, to stdout, or to a file that does not exist yet. Raises UsageError."""
    source = pytest_source(failure_store.named(names))
    if output is None:
        sys.stdout.write(source)
        return 0
    if output.exists():
        raise UsageError(f"{output}: exists; name another file, or remove it")
    write_text(output, source)
    print_line(f"{output}: run it with pytest {shlex.quote(str(output))}")
    return 0
