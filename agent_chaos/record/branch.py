"""Records what a run under faults asks and the recording does not answer: a branch of the conversation.

The run is a trial like any other, on the virtual clock; only what the cassette has no answer for goes to the real
provider, and tools run only with arguments they were never recorded with. Afterwards the same run replays exactly.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from agent_chaos.cassette.model import Cassette, TurnMark
from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.cassette.storage.writer import CassetteWriter
from agent_chaos.containment import OnFailure
from agent_chaos.errors import RecordError
from agent_chaos.faults.plan import Plan
from agent_chaos.patch.forward import forwarding
from agent_chaos.patch.install import environment
from agent_chaos.replay.match import ExchangeIndex
from agent_chaos.scenario.model import Scenario
from agent_chaos.trace.trace import Trace
from agent_chaos.trial.injector import ChaosInjector
from agent_chaos.trial.online import Fetched, Online
from agent_chaos.trial.trial import TrialSetup, run_trial

# Of other trials the stop comes after 30 s; real providers take their time.
_REAL_S = 1_800.0


@dataclass(frozen=True, slots=True)
class BranchSummary:
    """What a branch added to the cassette. Nothing was asked where both are 0: the recording had all of it."""

    calls: int
    tools: int


_OUTAGE = (408, 409, 429, *range(500, 600))
"""What a provider answers for a while, whatever it is asked."""


def branches(scenario: Scenario) -> bool:
    """Whether a scenario may leave its parent's recording: its chaos changes what the model is asked, or what comes after."""
    return bool(scenario.every_chaos)


@environment()
def record_branch(scenario: Scenario, plan: Plan | None = None, *, seed: int | None = None) -> BranchSummary:
    """Runs a scenario under its chaos and a plan, asks the real provider what is missing, and adds it to the cassette.

    Raises:
        CassetteMissing: there is no recording to continue.
        RecordError: the provider cannot be reached or refuses; the cassette stays as it was.
    """
    path = scenario.cassette_path
    cassette = open_cassette(path)
    index = ExchangeIndex(cassette, Redactor.from_environ(os.environ))
    chance = scenario.chance(cassette.header.seed if seed is None else seed)
    injector = ChaosInjector(scenario.every_chaos, chance)
    with forwarding() as forwarder:
        online = Online(forwarder, known=len(cassette.exchanges))
        trace = _run(scenario, index, plan or Plan(), injector, online)
    # Before anything is written.
    _refuse_refusals(scenario, trace, online)
    if online.fetched or online.tools:
        add_fetched(scenario, cassette, online)
    return BranchSummary(len(online.fetched), len(online.tools))


def _run(
    scenario: Scenario, index: ExchangeIndex, plan: Plan, injector: ChaosInjector, online: Online
) -> Trace:
    setup = TrialSetup.of(
        scenario,
        index,
        plan,
        real_s=_REAL_S,
        injector=injector,
        online=online,
    )
    return run_trial(setup)


def _refuse_refusals(scenario: Scenario, trace: Trace, online: Online) -> None:
    """A branch that a provider refused for want of a key, or that never came through, is not worth keeping."""
    if broken := trace.incidents_of("harness"):
        raise RecordError(f"{scenario.name}: {broken[0].detail}; nothing was kept")
    for fetched in online.fetched:
        if fetched.reply.head is None:
            raise RecordError(
                f"{scenario.name}: {fetched.request.host} cannot be reached; check the network and record again"
            )
        if fetched.reply.status in _OUTAGE or not fetched.reply.ended:
            what = f"answers {fetched.reply.status}" if fetched.reply.ended else "breaks off in its reply"
            raise RecordError(
                f"{scenario.name}: {fetched.request.host} {what}, again and again: that is its outage, not what the model "
                "says; nothing was kept, record again later"
            )
        # A branch is kept for good, and would hold the refusal in the place of the model's words.
        if fetched.reply.status in (401, 403):
            raise RecordError(
                f"{scenario.name}: {fetched.request.host} answers {fetched.reply.status}: no working API key; set the "
                "provider's key variable and record again"
            )


def add_fetched(scenario: Scenario, cassette: Cassette, online: Online) -> None:
    """Writes a cassette anew with what a run fetched behind what it held. Raises RecordError; then nothing changed."""
    writer = CassetteWriter(scenario.cassette_path, cassette.header)
    with OnFailure(lambda _: writer.discard()):
        # The whole cassette is written anew: an append that breaks off would leave half a recording.
        writer.carry(cassette)
        for fetched in online.fetched:
            # For the turn of what follows; a mark that the cassette has already is not written again.
            writer.turn(TurnMark(fetched.turn, fetched.at, ""))
            _keep(scenario, writer, fetched)
        for record in online.tools:
            writer.turn(TurnMark(record.turn, record.at, ""))
            writer.tool(record)
    writer.finish()


def _keep(scenario: Scenario, writer: CassetteWriter, fetched: Fetched) -> None:
    """Writes an exchange as the scenario's own hooks leave it."""
    before_request, before_response = scenario.before_record_request, scenario.before_record_response
    request = before_request(fetched.request) if before_request else fetched.request
    reply = before_response(fetched.reply) if before_response else fetched.reply
    if request is not None and reply is not None:
        writer.exchange(request, reply, at=fetched.at, transport=fetched.transport)
