"""Plans that somebody wrote or kept in a file of their own."""

from __future__ import annotations

from pathlib import Path

from agent_chaos.errors import PlanError, UsageError
from agent_chaos.faults.plan import Plan


def plan_of(file: Path) -> Plan:
    """The plan in a file. Raises UsageError for one that cannot be read, or holds none."""
    try:
        return Plan.from_json(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as exc:
        raise UsageError(f"{file}: cannot be read ({exc}); expected a plan as JSON") from None
    except PlanError as exc:
        raise UsageError(f"{file}: {exc}") from None
