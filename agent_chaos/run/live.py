"""Runs a scenario against the real providers, with its chaos on: every reply is taken whole, and faulted on its way."""

from __future__ import annotations

import os
import time

from agent_chaos.cassette.model import Cassette, Header
from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.errors import RecordError
from agent_chaos.faults.plan import Plan
from agent_chaos.patch.forward import forwarding
from agent_chaos.patch.install import environment, online
from agent_chaos.record.check_reachable import refuse_unanswered
from agent_chaos.replay.match import ExchangeIndex
from agent_chaos.run.run import FinishedRun, judged_alone
from agent_chaos.scenario.model import Scenario
from agent_chaos.trial.injector import ChaosInjector
from agent_chaos.trial.online import Online
from agent_chaos.trial.redact_trace import redact_trace
from agent_chaos.trial.trial import TrialSetup, run_trial

# Other trials are stopped after 30 s; real providers take their time.
_REAL_S = 1_800.0


@environment()
def run_live(scenario: Scenario, *, seed: int | None = None) -> FinishedRun:
    """One live run. Tools run for real, waits are virtual, nothing is recorded, and only assertions judge.

    Raises:
        RecordError: the provider cannot be reached, or refused everything.
    """
    redactor = Redactor.from_environ(os.environ)
    # An empty recording: everything that is asked is then asked of the provider.
    header = Header(scenario=scenario.name, started_at=time.time(), seed=seed or 0)
    injector = ChaosInjector(scenario.every_chaos, scenario.chance(header.seed))
    with online(), forwarding() as forwarder:
        asked = Online(forwarder)
        setup = TrialSetup(
            scenario,
            ExchangeIndex(Cassette(header), redactor),
            Plan(),
            max_requests=scenario.max_requests,
            max_virtual_s=scenario.max_virtual_s,
            real_s=_REAL_S,
            injector=injector,
            online=asked,
        )
        trace = run_trial(setup)
    trace = redact_trace(trace, redactor)
    if broken := trace.incidents_of("harness"):
        raise RecordError(f"{scenario.name}: {broken[0].detail}")
    refuse_unanswered(scenario.name, [(one.request, one.reply) for one in asked.fetched])
    return judged_alone(scenario, trace, injector, header.started_at)
