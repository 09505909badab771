"""Makes the values that reports show out of a campaign."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.chaos.constructors import plan_source
from agent_chaos.oracles.registry import headline_of
from agent_chaos.oracles.termination import longest_wait
from agent_chaos.report.contents import difference, figures
from agent_chaos.report.contents.beside import said_beside
from agent_chaos.report.contents.grid import grid_cells
from agent_chaos.report.contents.grouping import Cause, causes, remedy_of
from agent_chaos.report.contents.shrinking import plan_in_words, shrunk_plans
from agent_chaos.report.contents.source import CodeLine, code_line
from agent_chaos.report.contents.survival import not_tested_reasons, survival_score, survived_kinds
from agent_chaos.report.contents.timeline import models, timeline_rows
from agent_chaos.report.contents.wire_words import effect_of
from agent_chaos.report.document import (
    CampaignRecord,
    Change,
    FailureRecord,
    FindingRecord,
    Fix,
    TimelineRow,
)
from agent_chaos.report.exit import exit_code
from agent_chaos.report.printable import count, printable
from agent_chaos.report.remedies.case import Case
from agent_chaos.search.campaign import Campaign, Finding
from agent_chaos.search.failure import Failure
from agent_chaos.trace.trace import Answer, Call, ToolRun, Trace
from agent_chaos.trial.redact_trace import redact_requests


def campaign_record(campaign: Campaign, notes: tuple[str, ...] = ()) -> CampaignRecord:
    """The campaign as it is kept and shown."""
    told = _Told()
    campaign = replace(
        campaign, clean=told.trace(campaign.clean), findings=tuple(map(told.finding, campaign.findings))
    )
    found = causes(campaign.findings, campaign.clean)
    effects = bool(campaign.clean.incidents_of("file", "sqlite", "subprocess"))
    return CampaignRecord(
        scenario=campaign.scenario,
        seed=campaign.seed,
        exit_code=exit_code(campaign),
        summary=figures.examples_summary(
            campaign.figures, campaign.tools_run_for_real, findings=len(found), effects=effects
        ),
        figures=campaign.figures,
        failures=tuple(failure_record(one, case) for cause in found for one, case in cause.members),
        findings=tuple(_finding(number, cause) for number, cause in enumerate(found, start=1)),
        held=survived_kinds(campaign),
        score=survival_score(campaign),
        undecided_reasons=campaign.undecided_reasons,
        not_tested_reasons=not_tested_reasons(campaign),
        undecided_plans=campaign.undecided_plans,
        warnings=campaign.warnings,
        left_over=campaign.left_over,
        tools_run_for_real=campaign.tools_run_for_real,
        had_effects=effects,
        first_error=campaign.first_error,
        interrupted=campaign.interrupted,
        until_covered=campaign.until_covered,
        ended=campaign.ended,
        clean_virtual_s=campaign.clean.virtual_s,
        notes=notes,
        conclusion=figures.conclusion(campaign),
        coverage=campaign.coverage,
        struck=grid_cells(campaign),
        accepted=campaign.accepted,
        expired=campaign.expired,
    )


def alone(finding: Finding, clean: Trace) -> tuple[FindingRecord, FailureRecord]:
    """One failure by itself, with its fix: what `show` and `replay` tell of it."""
    told = _Told()
    finding, clean = told.finding(finding), told.trace(clean)
    (cause,) = causes([finding], clean)
    _, case = cause.members[0]
    return _finding(1, cause), failure_record(finding, case)


class _Told:
    """What may be told of runs: requests hold keys, and what an agent puts into a prompt besides."""

    def __init__(self) -> None:
        self._redactor = Redactor.from_environ(os.environ)

    def trace(self, trace: Trace) -> Trace:
        return redact_requests(trace, self._redactor)

    def finding(self, finding: Finding) -> Finding:
        outcome = replace(finding.outcome, trace=self.trace(finding.outcome.trace))
        return replace(finding, outcome=outcome)


def _finding(number: int, cause: Cause) -> FindingRecord:
    finding, case = cause.members[0]
    violation = finding.failure.violation
    return FindingRecord(
        number=number,
        headline=printable(cause.remedy.headline or headline_of(violation)),
        fix=Fix(
            does=cause.remedy.does or violation.advice,
            code=cause.remedy.written([case for _, case in cause.members]),
        ),
        failures=tuple(one.failure.id for one, _ in cause.members),
        examples=cause.examples,
        weight=cause.weight,
        location=_location(case),
        met=finding.failure.plan.met,
    )


def _location(case: Case) -> CodeLine | None:
    """The line of the agent's code that a failure is about: where its exception passed, else where its fix belongs."""
    if case.violation.oracle == "unhandled_exception" and case.at_exception is not None:
        return code_line(case.at_exception)
    return code_line(remedy_of(case).at(case))


def failure_record(finding: Finding, case: Case) -> FailureRecord:
    """A failure with the run that shows it."""
    failure, trace = _as_seen(finding), finding.outcome.trace
    # Of other findings the line of a library says nothing: what raised there was handled.
    origin = case.raised.origin if case.violation.oracle == "unhandled_exception" and case.raised else None
    return FailureRecord(
        failure=failure,
        timeline=tuple(_rows(case)),
        models=models(trace),
        location=_location(case),
        raised_at=code_line(origin) if origin != case.at_exception else None,
        changes=tuple(_changes(finding, case.clean)),
        plan=plan_in_words(failure.plan),
        word=printable(plan_source(failure.plan)) if failure.plan.faults else "",
        met=failure.plan.met,
        smallness=smallness(failure) if finding.reproduced else _LEFT_OVER,
        shrunk=shrunk_plans(finding.shrunk, failure.fingerprint),
        conversation=said_beside(case.clean, trace) if trace.entries else (),
    )


def _as_seen(finding: Finding) -> Failure:
    """The failure with the number of this search's examples that showed it; a stored one was counted in an earlier search."""
    seen = finding.seen_in.bit_count()
    return finding.failure.model_copy(update={"runs_seen": seen}) if seen else finding.failure


_LEFT_OVER = "seen, but not each time that this plan ran after a run without faults"


def smallness(failure: Failure) -> str:
    """Whether the plan is known to be the smallest, and what that took."""
    if not failure.plan.faults:
        return "smallest: there is no fault to leave out"
    checks = count(failure.checks, "check")
    if failure.smallest:
        return f"smallest: no smaller plan that was tried fails this way ({checks})"
    return f"smallest found so far ({checks})" if failure.checks else "smallest found so far"


def _rows(case: Case) -> Iterator[TimelineRow]:
    for row in timeline_rows(case.trace, finding_seqs=_pointed(case)):
        yield TimelineRow(
            at=row.at,
            who=row.who,
            what=tuple(line.text for line in row.lines),
            mark=row.mark,
            tones=tuple(line.tone for line in row.lines),
        )


def _pointed(case: Case) -> frozenset[int]:
    """The entries that the finding is about: an exception where it was raised, too much time where most of it went."""
    violation = case.violation
    seqs: tuple[int | None, ...] = (violation.call_seq, violation.tool_seq)
    if violation.oracle == "unhandled_exception" and case.raised is not None:
        seqs = (case.raised.seq,)
    elif violation.oracle == "termination" and violation.subject != "requests":
        long = longest_wait(case.trace)
        seqs = seqs if long is None else (long.seq, violation.tool_seq)
    elif (
        violation.oracle == "empty_answer"
        and (empty := _answer_after(case.trace, violation.call_seq)) is not None
    ):
        seqs = (empty.seq,)
    return frozenset(seq for seq in seqs if seq is not None)


def _answer_after(trace: Trace, seq: int | None) -> Answer | None:
    return next((one for one in trace.answers if seq is not None and one.seq > seq), None)


def _changes(finding: Finding, clean: Trace) -> Iterator[Change]:
    """Before and after: of each faulted call and tool, and of what the finding rests on, unless it was shown there."""
    faulted = tuple(_faulted(finding.outcome.trace, clean))
    yield from faulted
    shown = {(pair.recorded, pair.as_run) for change in faulted for pair in change.pairs}
    # Often the very call that was faulted: shown once, where the fault is.
    rest = _compared(finding, clean)
    told = [pair for pair in rest.pairs if pair.recorded != pair.as_run] if rest is not None else []
    if rest is not None and not all((pair.recorded, pair.as_run) in shown for pair in told):
        yield rest


def _faulted(trace: Trace, clean: Trace) -> Iterator[Change]:
    for entry in trace.entries:
        if isinstance(entry, Call) and entry.fired and (pairs := difference.of_call(entry)):
            yield Change(heading=f"Call {entry.call}", note="what came back", pairs=pairs)
        if isinstance(entry, ToolRun) and entry.fired:
            pairs = difference.of_tool(entry, clean)
            yield Change(heading=f"Tool {printable(entry.name)}", note="what it gave", pairs=pairs)


def _compared(finding: Finding, clean: Trace) -> Change | None:
    """The tool call found at fault, else what the oracle compared; None where neither says anything."""
    violation = finding.failure.violation
    run = next((run for run in finding.outcome.trace.tools if run.seq == violation.tool_seq), None)
    if run is not None:
        asked = difference.of_arguments(run, clean)
        same = asked.recorded == asked.as_run
        # Called as recorded, its fault is that it was called at all: two equal rows would say nothing of
        # that.
        return None if same else Change(heading="Tool call", note=effect_of(run), pairs=(asked,))
    if violation.before is None and violation.after is None:
        return None
    if violation.before is None and isinstance(violation.after, dict):
        pairs = difference.of_request_parts(violation.after, _recorded_twin(finding, clean))
        return Change(heading="Request", note="what the provider would refuse", pairs=pairs)
    compared = (difference.of_values(violation.before, violation.after),)
    return Change(heading="What the finding rests on", note="", pairs=compared)


def _recorded_twin(finding: Finding, clean: Trace) -> Call | None:
    """The call of the run without faults that stands for the one which the finding is about; None where it is that call."""
    if not finding.failure.plan.faults:
        return None
    seq = finding.failure.violation.call_seq
    site = next((call.site for call in finding.outcome.trace.calls if call.seq == seq), None)
    # By index, without the serving: a retry has no twin of its own in the run without faults.
    return next((call for call in clean.calls if site and call.site and call.site.index == site.index), None)
