"""`agent-chaos cassette verify`: whether cassettes are whole, and hold no secret."""

from __future__ import annotations

from pathlib import Path

from rich.text import Text

from agent_chaos.cassette.redaction.audit import scan
from agent_chaos.commands.output import complain
from agent_chaos.errors import AgentChaosError, UsageError
from agent_chaos.report.exit import combined
from agent_chaos.report.printable import printable
from agent_chaos.report.terminal.console import console

CASSETTES = Path("cassettes")


def verify(files: list[Path]) -> int:
    """One line per cassette, and one per secret; 1 where a secret was found. Raises UsageError without cassettes."""
    chosen = files or sorted(CASSETTES.glob("**/*.msgpack"))
    if not chosen:
        raise UsageError(f"no FILE given, and no cassette in {CASSETTES}/")
    return combined(_one(file) for file in chosen)


def _one(file: Path) -> int:
    try:
        found = scan(file)
    except AgentChaosError as exc:
        complain(exc)
        return exc.exit_code
    out = console()
    state = f"{len(found)} secrets" if found else "whole, no secret found"
    out.print(Text(printable(f"{file}  {state}"), "red" if found else ""), soft_wrap=True)
    for one in found:
        out.print(Text(printable(f"  {one}")), soft_wrap=True)
    return 1 if found else 0
