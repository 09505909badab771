"""What the processes of these tests make and run; apart from the tests, so that a process imports no more than it needs."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from agent_chaos.faults.plan import Plan
from agent_chaos.faults.transport.server_errors import Overloaded, ServerError
from agent_chaos.oracles.verdict import Outcome
from agent_chaos.search.campaign import Campaign
from agent_chaos.trial.rehearsal import Rehearsal
from tests.search import plain

DEADLY = Plan.of([("call 0", ServerError())])
STUCK = Plan.of([("call 0", Overloaded())])


class Deadly(Rehearsal):
    """The agent, in a process that some plans kill or stop."""

    def trial(self, plan: Plan) -> Outcome:
        if plan == DEADLY:
            os.kill(os.getpid(), signal.SIGKILL)
        if plan == STUCK:
            time.sleep(60)
        return super().trial(plan)


def deadly() -> Rehearsal:
    subject = Deadly(plain.plain(plain.careful), cassette=plain.cassette())
    subject.prepare()
    return subject


def broken() -> Rehearsal:
    raise RuntimeError("no such agent")


def everything(campaign: Campaign) -> tuple[Any, ...]:
    """All that a campaign says, apart from the real time it took."""
    return (
        campaign.figures.model_dump(exclude={"seconds"}),
        [finding.failure.model_dump_json() for finding in campaign.findings],
        [finding.outcome.trace.digest for finding in campaign.findings],
        campaign.clean.digest,
        campaign.undecided_reasons,
    )
