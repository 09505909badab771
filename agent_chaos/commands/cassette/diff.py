"""`agent-chaos cassette diff`: what two recordings say differently, whatever their bytes, times and ids."""

from __future__ import annotations

import sys
from pathlib import Path

from agent_chaos.cassette.conversation import conversation_diff
from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.report.printable import printable


def diff(before: Path, after: Path) -> int:
    """Writes a unified diff of the conversations; 0 where they say the same, 1 where not. Raises CassetteError."""
    lines = conversation_diff(open_cassette(before), open_cassette(after), (str(before), str(after)))
    for line in lines:
        sys.stdout.write(printable(line) + "\n")
    if not lines:
        sys.stdout.write("the same conversation\n")
    return 1 if lines else 0
