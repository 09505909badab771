"""`agent-chaos record --continue`: asks the real provider what would have been said after a failure's faults."""

from __future__ import annotations

import os
import sys

import typer
from rich.text import Text

from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.commands import failure_store
from agent_chaos.commands.output import hushed
from agent_chaos.commands.record import added
from agent_chaos.errors import UsageError
from agent_chaos.faults.plan import Plan
from agent_chaos.patch.install import install
from agent_chaos.record.branch import record_branch
from agent_chaos.replay.match import ExchangeIndex
from agent_chaos.report.printable import count, printable
from agent_chaos.report.terminal.console import console
from agent_chaos.scenario.loader import load
from agent_chaos.scenario.model import Scenario
from agent_chaos.trace.trace import Trace
from agent_chaos.trial.trial import run_trial


def continue_(name: str, *, yes: bool) -> int:
    """Records the branch of a stored failure's or an undecided plan, after asking. Raises UsageError, RecordError."""
    install()
    failure = (
        failure_store.undecided(name) if failure_store.is_undecided_name(name) else failure_store.named(name)
    )
    scenario = load([failure.target])[0].scenario
    if scenario.name != failure.scenario:
        raise UsageError(
            f"{failure.id} was found in {failure.scenario!r}, and {failure.target} is {scenario.name!r}: nothing was recorded"
        )
    trace = _played(scenario, failure.plan)
    if trace.raised and not trace.calls:
        ended = f"{trace.raised[0].type}: {' '.join(trace.raised[0].message.split())[:160]}"
        raise UsageError(
            f"{failure.id}: its agent asks nothing and ends in {ended}; set the provider's key variable, and record again"
        )
    missing = _missing(trace)
    if not missing:
        say = f"{failure.id}: the recording has all that its plan asks; nothing to record"
        console().print(Text(printable(say)), soft_wrap=True)
        return 0
    expected = f"{failure.id} on {scenario.name}: at least {count(missing, 'live call')} to the provider"
    _ask(f"{expected}{_really_run(trace)}", yes=yes)
    console().print(Text(printable(added(failure.id, record_branch(scenario, failure.plan)))), soft_wrap=True)
    console().print(Text(f"agent-chaos replay {failure.id} now answers for the whole run"))
    return 0


def _played(scenario: Scenario, plan: Plan) -> Trace:
    """The plan's run as far as it can be told offline."""
    cassette = open_cassette(scenario.cassette_path)
    index = ExchangeIndex(cassette, Redactor.from_environ(os.environ).request)
    with hushed():
        return run_trial(
            scenario,
            index,
            plan,
            max_requests=len(index) + scenario.max_requests,
            max_virtual_s=scenario.max_virtual_s,
        )


def _missing(trace: Trace) -> int:
    """How many requests of a run the recording has no answer to."""
    return sum(not call.fidelity.full for call in trace.calls) or len(trace.incidents_of("miss"))


def _really_run(trace: Trace) -> str:
    """The tools that go online with the run, since nobody recorded what they give for such arguments."""
    new = [f"{run.name}({_given(run.arguments)})" for run in trace.tools if run.effect == "nearest"]
    return f"; and it really runs {', '.join(dict.fromkeys(new))}" if new else ""


def _given(arguments: object) -> str:
    if not isinstance(arguments, dict):
        return repr(arguments)
    return ", ".join(f"{name}={value!r}" for name, value in arguments.items())


def _ask(what: str, *, yes: bool) -> None:
    if yes:
        console().print(Text(printable(what)), soft_wrap=True)
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{what}; say --yes where nobody can be asked")
    if not typer.confirm(f"{what}. Go online?"):
        raise UsageError("nothing was asked of the provider, and nothing recorded: the answer was no")
