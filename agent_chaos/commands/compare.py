"""`agent-chaos compare`: one search on two versions of an agent, and each failure of either run on the other."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from agent_chaos.commands.failures.recheck import Recheck, Standing, recheck
from agent_chaos.commands.fuzz import searched
from agent_chaos.commands.prepare import Rehearsals, scenarios
from agent_chaos.commands.resolve_options import Chosen, FuzzOptions, resolve_options
from agent_chaos.errors import ExitCode, PlanError, UsageError
from agent_chaos.files import from_json_text
from agent_chaos.report.console import console, put
from agent_chaos.report.contents.comparison import Movement, Shown, VersionComparison, comparison, met_before
from agent_chaos.report.document import CampaignRecord, Document
from agent_chaos.report.event import Ended, Started
from agent_chaos.report.open_reports import open_reports
from agent_chaos.report.reporter import Reporter
from agent_chaos.report.terminal.comparison_view import comparison_view
from agent_chaos.scenario.loader import Loaded
from agent_chaos.search.corpus.failure_files import Corpus

_STANDS = {Standing.FIXED: Shown.PASSES, Standing.STALE: Shown.UNKNOWN, Standing.BROKEN: Shown.UNKNOWN}


def compare(before: str, after: str, asked: FuzzOptions) -> int:
    """Compares them; exit code 1 where a finding is new.

    `before` is a target, or what `fuzz --json` wrote of an earlier version; the failures of `after` are stored. Raises
    UsageError for a target of several scenarios, and for a file that holds no campaign of `after`'s scenario.
    """
    wanted = resolve_options(asked)
    new = _single(after)
    old = None if _is_report(before) else _single(before)
    earlier = _kept(Path(before), new.scenario.name) if old is None else None
    stage = Rehearsals(allow_real_tools=asked.allow_real_tools, judges=wanted.judges)
    reporter = open_reports(asked.reports, asked.view)
    reporter.tell(Started(command="compare", items=1 if old is None else 2))
    if earlier is None:
        assert old is not None
        earlier = searched(old, stage, reporter, asked, wanted, corpus=None)
    later = searched(new, stage, reporter, asked, wanted, corpus=Corpus())
    compared = comparison(
        earlier,
        later,
        now=_standings(earlier, new, stage, wanted),
        # The earlier version's code is only here where it was given as a target; a report holds no agent that
        # could be run.
        then=met_before(earlier, later) if old is None else _standings(later, old, stage, wanted),
        renamed=("", "") if old is None else (_file(old), _file(new)),
    )
    return _told(compared, reporter)


def _told(compared: VersionComparison, reporter: Reporter) -> int:
    code = _exit_code(compared)
    reporter.tell(Ended(exit_code=code))
    for part in comparison_view(compared):
        put(console(), part)
    return code


def _exit_code(compared: VersionComparison) -> int:
    if ExitCode.INTERRUPTED in (compared.before.exit_code, compared.after.exit_code):
        return ExitCode.INTERRUPTED
    if compared.count(Movement.NEW):
        return ExitCode.FAILED
    broken = (ExitCode.NOTHING_JUDGED, ExitCode.BROKEN)
    # A failure that both versions have is no news, so that 1 of the searches themselves does not count.
    return next((one.exit_code for one in (compared.after, compared.before) if one.exit_code in broken), 0)


def _is_report(name: str) -> bool:
    return name.endswith(".json")


def _single(target: str) -> Loaded:
    found = scenarios([target], [])
    if len(found) != 1:
        names = ", ".join(one.scenario.name for one in found) or "none"
        raise UsageError(f"{target}: expected one scenario, found {names}; name one as file.py:scenario")
    return found[0]


def _file(target: Loaded) -> str:
    return Path(target.ref.rpartition(":")[0] or target.ref).name


def _kept(file: Path, scenario: str) -> CampaignRecord:
    """The campaign of a scenario in a report of `fuzz --json`."""
    try:
        document = from_json_text(Document, file.read_bytes())
    except OSError as exc:
        raise UsageError(
            f"{file}: cannot be read ({exc.strerror}); expected what 'agent-chaos fuzz --json FILE' wrote"
        ) from None
    except (ValidationError, PlanError) as exc:
        first = exc.errors()[0] if isinstance(exc, ValidationError) else {"loc": (), "msg": str(exc)}
        where = ".".join(map(str, first["loc"])) or "the file"
        raise UsageError(
            f"{file}: is not what 'agent-chaos fuzz --json FILE' wrote: {where}: {first['msg']}"
        ) from None
    found = next((one for one in document.campaigns if one.scenario == scenario), None)
    if found is None:
        held = ", ".join(one.scenario for one in document.campaigns) or "none"
        raise UsageError(f"{file}: holds no campaign of {scenario}; it holds: {held}")
    return found


def _standings(
    campaign: CampaignRecord, other: Loaded, stage: Rehearsals, wanted: Chosen
) -> dict[str, Shown]:
    """How each failure of a campaign stands on the other version, from one run of its plan there."""
    rehearsal = stage.rehearsed(other)
    stands: dict[str, Shown] = {}
    for one in campaign.failures:
        again: Recheck = recheck(one.failure, stage.trial(rehearsal, one.failure.plan), wanted.baseline)
        stands[one.failure.fingerprint] = _STANDS.get(again.standing, Shown.FAILS)
    return stands
