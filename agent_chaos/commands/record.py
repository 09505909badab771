"""`agent-chaos record`: runs agents live, once, and writes their cassettes; then what their variants ask besides."""

from __future__ import annotations

import warnings

from rich.text import Text

from agent_chaos.commands.output import complain, hushed, say_skipped
from agent_chaos.errors import AgentChaosError
from agent_chaos.patch.install import install
from agent_chaos.record.branch import BranchSummary, branches, record_branch
from agent_chaos.record.recording import RecordSummary, record_scenario
from agent_chaos.report.exit import combined
from agent_chaos.report.printable import count, printable
from agent_chaos.report.terminal import console
from agent_chaos.scenario.imports import forget
from agent_chaos.scenario.loader import load
from agent_chaos.scenario.model import ChaosScenario, Scenario

_PRIVACY = (
    "Cassettes hold the text of the conversation, without keys and cookies; read them before you share them."
)

_UNWRAPPED = "no @agent_chaos.tool saw that, so offline it would run for real; wrap it and record again"
_EARLIER = "  kept from an earlier recording, the agent did not run; to record it afresh: --record-mode all"


def record(targets: list[str], *, mode: str, seed: int | None = None) -> int:
    """Records every scenario of the targets; one that fails does not keep the others from it.

    Args:
        seed: of faults with a probability, where variants are to be run with another than the recording's own.
    """
    install()
    every = [one.scenario for one in load(targets, variants=True, skip=say_skipped)]
    drawn_blind = any(not one.cassette_path.exists() for one in every)
    codes = {one.recorded_as: _one(one, mode) for one in _recorded(every)}
    if drawn_blind and any(branches(one) for one in every):
        forget()  # fuzz_chaos draws from a recording, where there is one
        with hushed(), warnings.catch_warnings(action="ignore"):
            every = [one.scenario for one in load(targets, variants=True)]
    added = [
        _branch(one, seed)
        for one in every
        if branches(one) and mode != "none" and not codes.get(one.recorded_as)
    ]
    if 0 in codes.values():
        console().print(Text(_PRIVACY))
    return combined([*codes.values(), *added])


def _recorded(every: list[Scenario]) -> list[Scenario]:
    """Of the scenarios that share a recording the one to record: the baseline, where it is among them."""
    first = {one.recorded_as: one for one in reversed(every)}
    own = {one.name: one for one in every if not (isinstance(one, ChaosScenario) and one.parent)}
    wanted = dict.fromkeys(one.recorded_as for one in every)
    return [own.get(name, first[name]) for name in wanted]


def _one(scenario: Scenario, mode: str) -> int:
    try:
        summary = record_scenario(scenario, mode=mode)
    except AgentChaosError as exc:
        complain(exc)
        return exc.exit_code
    console().print(Text(kept(scenario.recorded_as, summary)), soft_wrap=True)
    if summary.unwrapped:
        names = ", ".join(printable(name) for name in summary.unwrapped)
        console().print(Text(f"  the model called {names}: {_UNWRAPPED}", "yellow"), soft_wrap=True)
    if not summary.fresh:
        console().print(Text(_EARLIER), soft_wrap=True)
    return 0


def _branch(scenario: Scenario, seed: int | None) -> int:
    try:
        say_added(scenario.name, record_branch(scenario, seed=seed))
    except AgentChaosError as exc:
        complain(exc)
        return exc.exit_code
    return 0


def say_added(name: str, summary: BranchSummary) -> None:
    """What a branch added to its cassette, in one line."""
    added = f"{count(summary.calls, 'call')} and {count(summary.tools, 'tool call')} added to its recording"
    whole = "the recording has all it asks; nothing was sent"
    line = f"{printable(name)}  {added if summary.calls or summary.tools else whole}"
    console().print(Text(line), soft_wrap=True)


def kept(name: str, summary: RecordSummary) -> str:
    """What a recording kept, in two lines."""
    tools = ", ".join(printable(tool) for tool in summary.tools) or "none"
    hosts = ", ".join(printable(host) for host in summary.hosts) or "none"
    return (
        f"{name}  {summary.path}, {_size(summary.size_bytes)}: {count(summary.calls, 'call')}, "
        f"{summary.input_tokens:,} tokens in, {summary.output_tokens:,} out\n"
        f"{' ' * len(name)}  tools: {tools}; hosts: {hosts}"
    )


def _size(size: int) -> str:
    return f"{size:,} bytes" if size < 10_000 else f"{size / 1000:,.0f} kB"
