"""Finished runs for evaluators to judge: the shop's refund agent, under chaos and without."""

from __future__ import annotations

from typing import Any

from agent_chaos.chaos import llm_rate_limit
from agent_chaos.results.run_report import RunReport
from agent_chaos.run.run import run_rehearsed
from agent_chaos.scenario import ChaosScenario
from agent_chaos.trial.rehearsal import Rehearsal
from tests.search import shop

ANSWER = shop.SAID[-1].text


def judged(
    *assertions: Any, of_turn: tuple[Any, ...] = (), chaos: Any = None, agent: Any = None
) -> RunReport:
    """The report of a run with these assertions; a rate limit strikes that the SDK's retry absorbs."""
    scenario = ChaosScenario(
        name="shop",
        agent=agent or shop.careful,
        turns=({"input": shop.QUESTION, "assertions": of_turn},),
        chaos=(llm_rate_limit(retry_after=7).attempts(1),) if chaos is None else chaos,
        assertions=assertions,
    )
    return run_rehearsed(Rehearsal(scenario, cassette=shop.cassette())).report


def context(**how: Any) -> Any:
    """The context of a finished run, as assertions are given it."""
    seen: list[Any] = []
    judged(lambda ctx: not seen.append(ctx), **how)
    return seen[0]
