"""`agent-chaos cassette stats`: recordings in figures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.cassette.summary import Summary, summarise
from agent_chaos.commands.cassette.verify import chosen_cassettes
from agent_chaos.commands.output import print_line
from agent_chaos.errors import AgentChaosError
from agent_chaos.report.console import print_error
from agent_chaos.report.exit import combined
from agent_chaos.report.printable import count, day


def stats(files: list[Path]) -> int:
    """A paragraph for each cassette. Raises UsageError without cassettes."""
    return combined(_one(file) for file in chosen_cassettes(files))


def _one(file: Path) -> int:
    try:
        summary, size = summarise(open_cassette(file)), file.stat().st_size
    except AgentChaosError as exc:
        print_error(exc)
        return exc.exit_code
    for line in _lines(file, summary, size):
        print_line(line)
    return 0


def _lines(file: Path, summary: Summary, size: int) -> Iterator[str]:
    state = "" if summary.complete else ", cut off while it was recorded"
    recorded = f", recorded {day(summary.started_at)}" if summary.started_at else ""
    yield f"{file}  scenario {summary.scenario}, {size:,} bytes{recorded}{state}"
    counts = [
        count(summary.turns, "turn"),
        count(summary.calls, "call"),
        count(summary.tool_calls, "tool call"),
    ]
    yield f"  {', '.join(counts)}, {summary.tokens:,} tokens"
    yield from (f"  {number:>4} to {host}" for host, number in sorted(summary.hosts.items()))
    yield from (f"  {number:>4} of tool {name}" for name, number in sorted(summary.tools.items()))
