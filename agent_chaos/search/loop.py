"""Drives a strategy: asks it for plans, runs them, tells it what came of them, until the budget is used up."""

from __future__ import annotations

from agent_chaos.search.campaign_state import CampaignState
from agent_chaos.search.strategy import Strategy

BATCH = 8
"""Plans asked for at once. It does not depend on how many workers there are, or they would change what is found."""


def drive(run: CampaignState, strategy: Strategy, until: int) -> None:
    """Runs what a strategy proposes, up to `until` examples in all, and no longer than there is time."""
    while not run.late and run.examples < until:
        plans = strategy.ask(min(BATCH, until - run.examples))
        if not plans:
            return
        for example in run.run(plans):
            strategy.tell(example)
