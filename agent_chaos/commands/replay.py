"""`agent-chaos replay`: runs recordings without faults, and stored failures under their plans; one line each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent_chaos.commands.failures import failure_store
from agent_chaos.commands.failures.recheck import Standing, recheck
from agent_chaos.commands.output import silence_output
from agent_chaos.commands.prepare import Rehearsals, scenarios, tell_skipped
from agent_chaos.errors import AgentChaosError, CassetteMissing, ExitCode
from agent_chaos.oracles.verdict import Outcome, Verdict
from agent_chaos.report.build_record import alone
from agent_chaos.report.event import Ended, Failed, Replayed, Started
from agent_chaos.report.exit import combined
from agent_chaos.report.open_reports import open_reports
from agent_chaos.report.printable import count, seconds
from agent_chaos.report.reporter import USUAL, Reporter
from agent_chaos.scenario.loader import DEFAULT_TARGET, Loaded
from agent_chaos.scenario.selector import EVERY, Selector
from agent_chaos.search.campaign import Finding
from agent_chaos.search.corpus.baseline import NOTHING, Baseline
from agent_chaos.search.corpus.settings import baseline
from agent_chaos.search.failure import Failure, UndecidedPlan
from agent_chaos.trace.trace import Trace


def replay(
    what: list[str],
    *,
    allow_real_tools: bool,
    reports: Sequence[str] = (),
    command: str = "replay",
    selector: Selector = EVERY,
) -> int:
    """Replays what is named: targets, stored failures, or without any every cassette and every stored failure.

    A selector chooses among scenarios, and among the stored failures of these.
    """
    wanted = _wanted(what, selector)
    reporter = open_reports(reports, USUAL)
    reporter.tell(Started(command=command, items=len(wanted)))
    for error in wanted.broken:
        reporter.tell(Failed(name="", error=str(error), exit_code=error.exit_code))
    replays = _Replays(
        Rehearsals(allow_real_tools=allow_real_tools),
        reporter,
        known=baseline() if wanted.failures else NOTHING,
        in_full=bool(what),
    )
    codes = [
        *wanted.codes,
        *(error.exit_code for error in wanted.broken),
        *map(replays.undecided, wanted.undecided),
        *map(replays.recording, wanted.recordings),
        *map(replays.failure, wanted.failures),
    ]
    code = combined(codes)
    tell_skipped(reporter, len(wanted.codes))
    reporter.tell(Ended(exit_code=code))
    return code


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be run. `broken` says which stored failures cannot be read, `codes` is of scenarios that do not load."""

    failures: list[Failure]
    undecided: list[UndecidedPlan]
    recordings: list[Loaded]
    broken: list[AgentChaosError]
    codes: list[int]

    def __len__(self) -> int:
        return len(self.failures) + len(self.undecided) + len(self.recordings)


def _wanted(what: list[str], selector: Selector) -> _Wanted:
    broken: list[AgentChaosError] = []
    codes: list[int] = []
    named = [one for one in what if failure_store.is_name(one)]
    failures = [failure_store.stored_failure(one) for one in named] if what else failure_store.every(broken)
    pending = [one for one in what if failure_store.is_undecided_name(one)]
    undecided = [failure_store.stored_undecided(one) for one in pending]
    targets = [one for one in what if one not in named and one not in pending]
    recordings = scenarios(targets, codes, selector) if targets or _by_default(what, failures) else []
    if selector:
        # Failures are stored with the name of their scenario, not with its tags: its file says which those are.
        loaded = recordings or scenarios(_targets_of(failures), codes, selector)
        names = {one.scenario.name for one in loaded}
        failures = [one for one in failures if one.scenario in names]
        undecided = [one for one in undecided if one.scenario in names]
    return _Wanted(failures, undecided, recordings, broken, codes)


def _by_default(what: list[str], failures: list[Failure]) -> bool:
    return not what and (Path(DEFAULT_TARGET).is_dir() or not failures)


def _targets_of(failures: list[Failure]) -> list[str]:
    return list(dict.fromkeys(failure.target for failure in failures))


def played(clean: Trace) -> str:
    """How well a run without faults matched its recording, and what it did for real: `4 calls exact, 3 s virtual`."""
    rungs = Counter(call.fidelity for call in clean.calls)
    parts = [f"{count(number, 'call')} {rung.words}" for rung, number in sorted(rungs.items())]
    programs = dict.fromkeys(incident.detail for incident in clean.incidents_of("subprocess"))
    ran = f"; ran for real: {', '.join(programs)}" if programs else ""
    return ", ".join([*parts, f"{seconds(clean.virtual_s)} virtual{ran}"])


@dataclass(frozen=True, slots=True)
class _Replays:
    """Runs things again and tells of each. `in_full` says that they were asked for by name."""

    stage: Rehearsals
    reporter: Reporter
    known: Baseline
    in_full: bool

    def recording(self, loaded: Loaded) -> int:
        name = loaded.scenario.name
        try:
            rehearsal = self.stage.rehearsed(loaded)
        except CassetteMissing as exc:
            if self.in_full:
                return self._failed("", exc)
            # The line begins with the scenario's name already.
            why = str(exc).removeprefix(f"{name}: ")
            return self._stands(name, "NOT RECORDED", why, ExitCode.NOTHING_JUDGED)
        except AgentChaosError as exc:
            return self._failed("", exc)
        with silence_output():
            outcome = rehearsal.clean_outcome
        changes = rehearsal.changes if outcome.verdict is Verdict.PASS else ()
        word = Standing.CHANGED if changes else outcome.verdict
        said = [outcome.reason, *changes, played(rehearsal.clean)]
        return self._stands(name, word, "; ".join(one for one in said if one), outcome.verdict.exit_code)

    def _stands(self, scenario: str, standing: str, why: str, code: ExitCode) -> int:
        self.reporter.tell(Replayed(scenario=scenario, standing=standing, why=why, exit_code=code))
        return code

    def failure(self, failure: Failure) -> int:
        """Runs a stored failure; told in full where it was asked for by name."""
        try:
            rehearsal = self.stage.of_failure(failure)
            outcome = self.stage.trial(rehearsal, failure.plan)
        except AgentChaosError as exc:
            return self._failed(failure.id, exc)
        found = recheck(failure, outcome, self.known)
        # Without names every stored failure is run: in full each, the report of a hundred would be
        # unreadable.
        shown = self.in_full and found.standing.still_shows
        finding, record = alone(_now(failure, outcome), rehearsal.clean) if shown else (None, None)
        self.reporter.tell(
            Replayed(
                id=failure.id,
                scenario=failure.scenario,
                standing=found.standing,
                why=found.why,
                exit_code=found.standing.exit_code,
                finding=finding,
                failure=record,
            )
        )
        return found.standing.exit_code

    def undecided(self, plan: UndecidedPlan) -> int:
        """Runs an undecided plan; after `record --continue` it is judged."""
        try:
            rehearsal = self.stage.rehearsed(scenarios([plan.target], [])[0])
            outcome = self.stage.trial(rehearsal, plan.plan)
        except AgentChaosError as exc:
            return self._failed(plan.id, exc)
        code = outcome.verdict.exit_code
        self.reporter.tell(
            Replayed(
                id=plan.id,
                scenario=plan.scenario,
                standing=outcome.verdict,
                why=_decided(outcome),
                exit_code=code,
                plan=tuple(str(placed) for placed in plan.plan.faults),
            )
        )
        return code

    def _failed(self, name: str, error: AgentChaosError) -> int:
        self.reporter.tell(Failed(name=name, error=str(error), exit_code=error.exit_code))
        return error.exit_code


def _now(failure: Failure, outcome: Outcome) -> Finding:
    """The stored failure as this run shows it."""
    same = [one for one in outcome.violations if one.fingerprint == failure.fingerprint]
    return Finding(failure.model_copy(update={"violation": (same or list(outcome.errors))[0]}), outcome)


def _decided(outcome: Outcome) -> str:
    """What decided a run, or what keeps it from being decided: the first request that nobody recorded an answer to."""
    if outcome.verdict is Verdict.PASS:
        return f"passes under {outcome.trace.plan}"
    # The first only: whatever the agent asks afterwards follows from it.
    left = next((call for call in outcome.trace.calls if not call.fidelity.full), None)
    asked = f"; what it asked differs at {left.difference}" if left is not None and left.difference else ""
    return f"{outcome.reason}{asked}"
