"""Where the artefacts of a run go."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from pathlib import Path

from agent_chaos.files import write_text

RUNS = Path(".agent_chaos_runs")
"""Where every campaign, run and block is kept, one folder each."""


def run_folder(parent: Path, what: str) -> Path:
    """A folder that does not exist yet, named after this second, with a number where a run of this second has it.

    Git ignores all of `RUNS`, which is kept for a look back and belongs to this machine.
    """
    # Only in the folder of that name: one that the user chose may be meant for git.
    if parent.name == RUNS.name and not (parent / ".gitignore").exists():
        write_text(parent / ".gitignore", "*\n")
    name = f"{datetime.now():%Y%m%d-%H%M%S}-{what}"
    names = (name if number == 1 else f"{name}-{number}" for number in count(1))
    return next(parent / one for one in names if not (parent / one).exists())
