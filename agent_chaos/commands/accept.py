"""`agent-chaos accept`: writes down that a known failure is accepted, why, and until when."""

from __future__ import annotations

from datetime import date

from rich.text import Text

from agent_chaos.commands import failure_store
from agent_chaos.commands.settings import settings
from agent_chaos.errors import UsageError
from agent_chaos.report.printable import printable
from agent_chaos.report.terminal.console import console
from agent_chaos.search.corpus.accepted import Acceptance, Baseline


def accept(name: str, *, reason: str, until: str) -> int:
    """Adds a stored failure to the baseline. Raises UsageError for no reason, and a day that is none or has passed."""
    failure, today, path = failure_store.named(name), date.today(), settings().baseline
    entry = Acceptance(
        id=failure.id,
        scenario=failure.scenario,
        fingerprint=failure.fingerprint,
        reason=_said(reason),
        until=_day(until, today),
    )
    Baseline.load(path, today).with_entry(entry).save(path)
    line = f"{entry.id}  {entry.scenario}  {entry.fingerprint}: accepted until {entry.until}, in {path}"
    console().print(Text(printable(line)), soft_wrap=True)
    return 0


def _said(reason: str) -> str:
    text = " ".join(reason.split())
    if not text:
        raise UsageError("--reason: say why the failure is accepted; whoever reviews the file will ask")
    return text


def _day(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--until {text}: expected a day, as 2027-01-31") from None
    if day < today:
        raise UsageError(f"--until {text}: has passed; today is {today}")
    return day
