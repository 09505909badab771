"""`agent-chaos record --continue`: asks the real provider what would have been said after a failure's faults."""

from __future__ import annotations

import os
import sys

import typer
from rich.text import Text

from agent_chaos.cassette.file import open_cassette
from agent_chaos.cassette.redaction import Redactor
from agent_chaos.chaos.plan import Plan
from agent_chaos.commands import stored
from agent_chaos.commands.record import say_added
from agent_chaos.commands.speak import hushed
from agent_chaos.errors import UsageError
from agent_chaos.patch.install import install
from agent_chaos.replay.match import Index
from agent_chaos.report.printable import count, printable
from agent_chaos.report.terminal import console
from agent_chaos.scenario.branch import record_branch
from agent_chaos.scenario.loader import load
from agent_chaos.scenario.model import Scenario
from agent_chaos.scenario.trial import run_trial


def continue_(name: str, *, yes: bool) -> int:
    """Records the branch of a stored failure's or an undecided plan, after asking. Raises UsageError, RecordError."""
    install()
    failure = stored.undecided(name) if stored.is_open_name(name) else stored.named(name)
    scenario = load([failure.target])[0].scenario
    missing = _missing(scenario, failure.plan)
    if not missing:
        say = f"{failure.id}: the recording has all that its plan asks; nothing to record"
        console().print(Text(printable(say)), soft_wrap=True)
        return 0
    _ask(f"{failure.id} on {scenario.name}: at least {count(missing, 'live call')} to the provider", yes=yes)
    say_added(failure.id, record_branch(scenario, failure.plan))
    console().print(Text(f"agent-chaos replay {failure.id} now answers for the whole run"))
    return 0


def _missing(scenario: Scenario, plan: Plan) -> int:
    """How many requests of the plan's run the recording has no answer to, as far as that can be told offline."""
    cassette = open_cassette(scenario.cassette_path)
    index = Index(cassette, Redactor.from_environ(os.environ).request)
    with hushed():
        trace = run_trial(
            scenario,
            index,
            plan,
            max_requests=len(index) + scenario.max_requests,
            max_virtual_s=scenario.max_virtual_s,
        )
    return sum(not call.fidelity.full for call in trace.calls) or len(trace.incidents_of("miss"))


def _ask(what: str, *, yes: bool) -> None:
    if yes:
        console().print(Text(printable(what)), soft_wrap=True)
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{what}; say --yes where nobody can be asked")
    if not typer.confirm(f"{what}. Go online?"):
        raise UsageError("nothing was asked of the provider, and nothing recorded: the answer was no")
