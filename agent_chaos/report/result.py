"""What CI reports have in common: every scenario, stored failure and recording as one result, with its problems."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agent_chaos.report.contents.figures import left_over_lines
from agent_chaos.report.contents.source import CodeLine
from agent_chaos.report.document import CampaignRecord, FailureRecord, FindingRecord
from agent_chaos.report.event import Failed, Ran, Recorded, Replayed, ReportEvent, SearchEnded


@dataclass(frozen=True, slots=True)
class ResultProblem:
    """Something that went wrong: `rule` names its kind, `id` this one; `text` says what, and how to see it again."""

    rule: str
    id: str
    headline: str
    text: str
    advice: str = ""
    location: CodeLine | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """How one thing went. `state` is skipped where nothing could be judged; `seconds` are real ones, of a run with chaos by hand
    virtual ones."""

    suite: str
    name: str
    state: Literal["passed", "failed", "skipped", "error"]
    seconds: float = 0.0
    text: str = ""
    problems: tuple[ResultProblem, ...] = ()


# By exit code. No 2: a usage error ends a command before it has a result. 130 is Ctrl-C, as shells say it.
_STATES: dict[int, Literal["passed", "failed", "skipped", "error"]] = {
    0: "passed",
    1: "failed",
    3: "skipped",
    4: "error",
    5: "error",
    130: "error",
}


def result_of(event: ReportEvent) -> Result | None:
    """The result that an event tells of; None for those that tell of none."""
    match event:
        case SearchEnded():
            return _campaign(event.campaign)
        case Ran():
            report = event.report
            problems = () if event.exit_code != 1 else (_failed_run(event),)
            return Result(
                "run",
                report.scenario_name,
                _STATES[event.exit_code],
                report.elapsed_s,
                report.reason,
                problems,
            )
        case Replayed():
            return _replayed(event)
        case Recorded():
            return Result("record", event.scenario, "passed", text=event.path)
        case Failed():
            return Result("agent-chaos", event.name or "agent-chaos", "error", text=event.error)
        case _:
            return None


def _campaign(campaign: CampaignRecord) -> Result:
    text = campaign.first_error or campaign.conclusion or campaign.summary
    text = "\n".join([text, *left_over_lines(campaign.left_over)])
    problems = tuple(_found(finding, campaign.of(finding)) for finding in campaign.findings)
    state = _STATES[campaign.exit_code]
    return Result("fuzz", campaign.scenario, state, campaign.figures.seconds, text, problems)


def _found(finding: FindingRecord, failures: tuple[FailureRecord, ...]) -> ResultProblem:
    first = failures[0]
    lines = [first.failure.violation.reason, *(f"plan: {placed}" for placed in first.plan)]
    lines += [f"also {one.failure.id}: {'; '.join(one.plan)}" for one in failures[1:]]
    lines += [f"agent-chaos replay {first.failure.id}"]
    return ResultProblem(
        rule=first.failure.violation.oracle,
        id=first.failure.id,
        headline=finding.headline,
        text="\n".join(lines),
        advice=f"{finding.fix.does}\n{finding.fix.code}".strip(),
        location=finding.location,
    )


def _replayed(event: Replayed) -> Result:
    name = f"{event.id} {event.scenario}".strip()
    problem = ResultProblem(
        rule=event.failure.failure.violation.oracle if event.failure else "replay",
        id=event.id,
        headline=f"{name}: {event.standing}",
        text="\n".join([event.why, *event.plan]),
        advice=event.finding.fix.does if event.finding else "",
        location=event.finding.location if event.finding else None,
    )
    problems = (problem,) if event.exit_code == 1 else ()
    return Result(
        "replay", name, _STATES[event.exit_code], text=f"{event.standing}: {event.why}", problems=problems
    )


def _failed_run(event: Ran) -> ResultProblem:
    report = event.report
    wrong = [f"{one.name}: {one.message}" for one in report.assertion_results if not one.passed]
    text = "\n".join([report.reason, *wrong] if report.reason not in wrong else wrong)
    return ResultProblem(
        rule="run", id=report.scenario_name, headline=f"{report.scenario_name}: {report.verdict}", text=text
    )
