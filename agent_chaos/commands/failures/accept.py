"""`agent-chaos accept`: writes down that a known failure is accepted, why, and until when."""

from __future__ import annotations

from datetime import date

from rich.text import Text

from agent_chaos.commands.failures import failure_store
from agent_chaos.commands.settings import settings
from agent_chaos.errors import UsageError
from agent_chaos.report.console import console
from agent_chaos.report.printable import printable
from agent_chaos.search.corpus.baseline import Acceptance, Baseline


def list_accepted() -> int:
    """Lists what is accepted, with its last day and reason; what has expired says so."""
    today = date.today()
    entries = Baseline.load(settings().baseline, today).entries
    for entry in entries:
        expired = " (which has passed)" if entry.until < today else ""
        _say(
            f"{entry.id}  {entry.scenario}  {entry.fingerprint}: until {entry.until}{expired}: {entry.reason}"
        )
    if not entries:
        _say("nothing is accepted")
    return 0


def remove(name: str) -> int:
    """Takes a failure out of the baseline: it fails again. Raises UsageError for one that is not in it."""
    path, today = settings().baseline, date.today()
    known = Baseline.load(path, today)
    left = tuple(entry for entry in known.entries if entry.id.upper() != name.upper())
    if left == known.entries:
        ids = ", ".join(entry.id for entry in known.entries) or "none"
        raise UsageError(f"{name} is not accepted in {path}; accepted are: {ids}")
    Baseline(left, today).save(path)
    _say(f"{name.upper()} is accepted no longer")
    return 0


def _say(line: str) -> None:
    console().print(Text(printable(line)), soft_wrap=True)


def accept(name: str, *, reason: str, until: str) -> int:
    """Adds a stored failure to the baseline. Raises UsageError for no reason, and a day that is none or has passed."""
    failure, today, path = failure_store.stored_failure(name), date.today(), settings().baseline
    entry = Acceptance(
        id=failure.id,
        scenario=failure.scenario,
        fingerprint=failure.fingerprint,
        reason=_said(reason),
        until=_day(until, today),
    )
    Baseline.load(path, today).with_entry(entry).save(path)
    _say(f"{entry.id}  {entry.scenario}  {entry.fingerprint}: accepted until {entry.until}, in {path}")
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
        given = f"--until {text}" if text else "--until is missing"
        raise UsageError(f"{given}: expected a day, as 2027-01-31") from None
    if day < today:
        raise UsageError(f"--until {text}: has passed; today is {today}")
    return day
