"""`agent-chaos accept`: writes down which known failures are accepted, why, and until when."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path

from agent_chaos.commands.failures import failure_store
from agent_chaos.commands.output import print_line
from agent_chaos.errors import ExitCode, UsageError
from agent_chaos.oracles.oracle import spoken
from agent_chaos.search.corpus.baseline import Acceptance, Baseline
from agent_chaos.search.corpus.settings import settings


def list_accepted() -> int:
    """Lists what is accepted, with its last day and reason; what has expired says so."""
    known = _baseline()
    for entry in known.entries:
        expired = " (which has passed)" if entry.until < known.today else ""
        print_line(
            f"{entry.id}  {entry.scenario}  {spoken(entry.fingerprint)}: until {entry.until}{expired}: {entry.reason}"
        )
    if not known.entries:
        print_line("nothing is accepted")
    return ExitCode.OK


def remove(names: Sequence[str]) -> int:
    """Takes failures out of the baseline: they fail again. Raises UsageError for one that is not in it."""
    known = _baseline()
    ids = [entry.id for entry in known.entries]
    wanted = set(ids) if failure_store.is_all(names) else {name.upper() for name in names}
    if unknown := sorted(wanted - set(ids)):
        raise UsageError(
            f"{', '.join(unknown)}: not accepted in {_path()}; accepted are: {', '.join(ids) or 'none'}"
        )
    return _without(known, wanted, "accepted no longer")


def prune() -> int:
    """Takes out of the baseline what has expired, and what is no stored failure any more."""
    known = _baseline()
    stored = {failure.fingerprint for failure in failure_store.every()}
    gone = {one.id for one in known.entries if one.until < known.today or one.fingerprint not in stored}
    return _without(known, gone, "removed")


def _without(known: Baseline, ids: Collection[str], word: str) -> int:
    Baseline(tuple(one for one in known.entries if one.id not in ids), known.today).save(_path())
    for name in sorted(ids):
        print_line(f"{name}: {word}")
    if not ids:
        print_line("nothing to remove")
    return ExitCode.OK


def _path() -> Path:
    return settings().baseline


def _baseline() -> Baseline:
    return Baseline.load(_path(), date.today())


def accept(names: Sequence[str], *, reason: str, until: str) -> int:
    """Adds stored failures to the baseline, `all` those that are not in it.

    Raises UsageError for a failure that is not stored, for no reason, and for a day that is none or has passed.
    """
    known = _baseline()
    failures = failure_store.named(names)
    if failure_store.is_all(names):
        failures = [one for one in failures if not known.in_force(one.scenario, [one.fingerprint])]
    # Before the first entry is made: a mistyped day leaves the file as it is.
    why, day = _said(reason), _day(until, known.today)
    for failure in failures:
        entry = Acceptance(
            id=failure.id,
            scenario=failure.scenario,
            fingerprint=failure.fingerprint,
            reason=why,
            until=day,
        )
        known = known.with_entry(entry)
    known.save(_path())
    for failure in failures:
        print_line(f"{failure.id}  {failure.scenario}  {spoken(failure.fingerprint)}: accepted until {day}")
    print_line(f"written to {_path()}" if failures else "every stored failure is accepted already")
    return ExitCode.OK


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
