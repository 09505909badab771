"""Drives a strategy: asks it for plans, runs them, tells it what came of them, until the budget is used up."""

from __future__ import annotations

from agent_chaos.search.campaign_state import CampaignState
from agent_chaos.search.strategies.strategy import Strategy

_LEAST, _MOST, _SHARE = 8, 256, 32


def batch(examples: int) -> int:
    """How many plans are asked for at once after so many examples.

    It does not depend on how many workers there are, or they would change what is found. What is asked for at once is asked
    without its own results, which matters least where many are known: a long campaign has work for many workers.
    """
    return min(_MOST, max(_LEAST, examples // _SHARE))


def drive(run: CampaignState, strategy: Strategy, until: int, stale_after: int | None = None) -> str:
    """Runs what a strategy proposes, up to `until` examples in all, and no longer than there is time.

    Where `stale_after` examples in a row showed no new failure, and no new way for a run to go, it ends as well, and where
    what was found is enough. Returns why it ended before `until`, or ''.
    """
    while run.examples < until:
        if run.enough():
            return "it was to stop at the first failure"
        if run.late:
            return "the time was up"
        if stale_after is not None and run.quiet >= stale_after:
            return f"the last {run.quiet:,} in a row showed nothing new"
        plans = strategy.ask(min(batch(run.examples), until - run.examples))
        if not plans:
            return "nothing was left to try"
        for example in run.run(plans):
            strategy.tell(example)
    return ""
