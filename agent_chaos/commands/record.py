"""`agent-chaos record`: runs agents live, once, and writes their cassettes; then what their variants ask besides."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence

from agent_chaos.commands.output import say_skipped, silence_output
from agent_chaos.errors import AgentChaosError, ScenarioError
from agent_chaos.patch.install import install
from agent_chaos.record.branch import BranchSummary, branches, record_branch
from agent_chaos.record.recording import record_scenario
from agent_chaos.record.summary import RecordSummary
from agent_chaos.report.event import Ended, Failed, Recorded, Said, Started
from agent_chaos.report.exit import combined
from agent_chaos.report.open_reports import open_reports
from agent_chaos.report.printable import count
from agent_chaos.report.reporter import USUAL, Reporter
from agent_chaos.scenario.imports import forget
from agent_chaos.scenario.loader import load
from agent_chaos.scenario.model import ChaosScenario, Scenario
from agent_chaos.scenario.selector import EVERY, Selector

_PRIVACY = (
    "Cassettes hold the text of the conversation, without keys and cookies; read them before you share them."
)
_NEXT = "Next: agent-chaos replay (the same run, offline), then agent-chaos fuzz."


def record(
    targets: list[str],
    *,
    mode: str,
    seed: int | None = None,
    reports: Sequence[str] = (),
    selector: Selector = EVERY,
    next_step: str = _NEXT,
) -> int:
    """Records every scenario of the targets; one that fails does not keep the others from it.

    Args:
        seed: of faults with a probability, where variants are to be run with another than the recording's own.
        next_step: what is said at the end of what to do next.
    """
    install()
    every = _wanted(targets, selector, skip=say_skipped)
    # Asked before anything is recorded: afterwards every scenario has a recording.
    drawn_blind = any(not one.cassette_path.exists() for one in every)
    wanted = _recorded(every)
    reporter = open_reports(reports, USUAL)
    reporter.tell(Started(command="record", items=len(wanted)))
    codes = {one.recorded_as: _one(one, mode, reporter) for one in wanted}
    if drawn_blind and any(branches(one) for one in every):
        forget()  # fuzz_chaos draws from a recording, where there is one
        with silence_output(), warnings.catch_warnings(action="ignore"):
            every = _wanted(targets, selector)
    added = [
        _branch(one, seed, reporter)
        for one in every
        # A branch goes on from its baseline's recording, which is not there where recording it failed.
        if branches(one) and mode != "none" and not codes.get(one.recorded_as)
    ]
    if 0 in codes.values():
        reporter.tell(Said(text=_PRIVACY))
        if next_step:
            reporter.tell(Said(text=next_step))
    code = combined([*codes.values(), *added])
    reporter.tell(Ended(exit_code=code))
    return code


def _wanted(
    targets: list[str], selector: Selector, skip: Callable[[ScenarioError], None] = lambda missing: None
) -> list[Scenario]:
    return [one.scenario for one in selector.of(load(targets, variants=True, skip=skip))]


def _recorded(every: list[Scenario]) -> list[Scenario]:
    """Of the scenarios that share a recording the one to record: the baseline, where it is among them."""
    # Reversed, so that of several the first one stays.
    first = {one.recorded_as: one for one in reversed(every)}
    own = {one.name: one for one in every if not (isinstance(one, ChaosScenario) and one.parent)}
    wanted = dict.fromkeys(one.recorded_as for one in every)
    return [own.get(name, first[name]) for name in wanted]


def _one(scenario: Scenario, mode: str, reporter: Reporter) -> int:
    try:
        summary = record_scenario(scenario, mode=mode)
    except AgentChaosError as exc:
        reporter.tell(Failed(name="", error=str(exc), exit_code=exc.exit_code))
        return exc.exit_code
    reporter.tell(
        Recorded(
            scenario=scenario.recorded_as,
            path=str(summary.path),
            size_bytes=summary.size_bytes,
            calls=summary.calls,
            input_tokens=summary.input_tokens,
            output_tokens=summary.output_tokens,
            tools=tuple(summary.tools),
            hosts=tuple(summary.hosts),
            unobserved=tuple(summary.unwrapped),
            fresh=summary.fresh,
        )
    )
    for line in blind_spots(summary):
        reporter.tell(Said(text=f"{scenario.recorded_as}  {line}", tone="warning"))
    return 0


def _branch(scenario: Scenario, seed: int | None, reporter: Reporter) -> int:
    try:
        reporter.tell(Said(text=added(scenario.name, record_branch(scenario, seed=seed))))
    except AgentChaosError as exc:
        reporter.tell(Failed(name="", error=str(exc), exit_code=exc.exit_code))
        return exc.exit_code
    return 0


def added(name: str, summary: BranchSummary) -> str:
    """What a branch added to its cassette, in one line."""
    more = f"{count(summary.calls, 'call')} and {count(summary.tools, 'tool call')} added to its recording"
    whole = "the recording has all it asks; nothing was sent"
    return f"{name}  {more if summary.calls or summary.tools else whole}"


def blind_spots(summary: RecordSummary) -> Iterator[str]:
    """What the recording does not hold, and what to do about it."""
    if summary.silent:
        yield "answer: the agent returned nothing to read, so nothing that it answers will be judged; return what the user reads"
    yield from summary.wordless
    if summary.outputs:
        yield (
            f"structured output: {', '.join(summary.outputs)}; no tool boundary sees what your code does with it: offline, files "
            "that it writes are copies, programs and connections are refused"
        )
    if summary.passed:
        yield f"not recorded: {', '.join(summary.passed)}; name in hosts= what the agent's answer depends on"
    if summary.connections:
        yield (
            f"connections that agent-chaos cannot see: {', '.join(summary.connections)}; wrap what makes them with "
            "@agent_chaos.tool, or speak through httpx, aiohttp, requests, urllib3 or http.client"
        )
    if summary.programs:
        yield (
            f"programs whose traffic agent-chaos cannot see: {', '.join(summary.programs)}; wrap what starts them with "
            "@agent_chaos.tool"
        )
