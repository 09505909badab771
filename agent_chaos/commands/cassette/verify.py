"""`agent-chaos cassette verify`: whether cassettes are whole, can be read through, and hold no secret."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from agent_chaos.cassette.redaction.audit import AuditFinding, Opinion, no_opinion
from agent_chaos.cassette.redaction.second_opinion import NEEDS, kingfisher
from agent_chaos.cassette.storage.audit import scan
from agent_chaos.commands.output import print_line
from agent_chaos.errors import AgentChaosError, UsageError
from agent_chaos.report.console import print_error
from agent_chaos.report.exit import combined
from agent_chaos.report.printable import count

CASSETTES = Path("cassettes")


def verify(files: list[Path]) -> int:
    """One line per cassette, and one per secret or unread body; 1 where there was one. Raises UsageError without files."""
    chosen = chosen_cassettes(files)
    # Once for all files: it compiles its rules when it is made.
    second = kingfisher()
    code = combined(_one(file, second or no_opinion) for file in chosen)
    by = "a second opinion: Kingfisher" if second else f"a second opinion needs: pip install '{NEEDS}'"
    print_line(f"looked for by name, shape and value; {by}")
    return code


def chosen_cassettes(files: list[Path]) -> list[Path]:
    """The files given, or all of `cassettes/`. Raises UsageError where there is none."""
    chosen = files or sorted(CASSETTES.glob("**/*.msgpack"))
    if not chosen:
        raise UsageError(f"no FILE given, and no cassette in {CASSETTES}/")
    return chosen


def audit_figures(found: Sequence[AuditFinding]) -> str:
    """What was found, in figures."""
    unread = sum(one.unread for one in found)
    secrets = len(found) - unread
    parts = [count(secrets, "secret")] if secrets else ["no secret found"]
    return ", ".join([*parts, *([f"{unread} not read"] if unread else [])])


def _one(file: Path, opinion: Opinion) -> int:
    try:
        found = scan(file, opinion=opinion)
    except AgentChaosError as exc:
        print_error(exc)
        return exc.exit_code
    print_line(f"{file}  whole, {audit_figures(found)}", "red" if found else "")
    for one in found:
        print_line(f"  {one}")
    return 1 if found else 0
