"""How a plan was made small, step by step: each smaller plan that fails the same way, and what was tried on the way to it."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from agent_chaos.chaos.constructors import plan_source
from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.report.printable import printable
from agent_chaos.search.campaign import ShrinkStep

_ENDS: dict[Verdict | None, str] = {
    Verdict.PASS: "passes",
    Verdict.UNDECIDED: "cannot be decided",
    Verdict.NOT_TESTED: "is not tested: no fault fires",
}
"""What a plan does that fails in no way, by the verdict on it, where that is known."""
_TOLD = 20
"""Of more plans that were tried at one step, so many are told."""


class TriedPlan(BaseModel):
    """A plan that was tried in place of a larger one and does not fail the same way: its faults in words, and what it does."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    plan: tuple[str, ...]
    verdict: str


class ShrunkPlan(BaseModel):
    """A plan that fails the same way, in words and in the DSL. `tried` are smaller ones that were tried in its place before the
    next step; `more` of them are not told.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    plan: tuple[str, ...]
    word: str
    tried: tuple[TriedPlan, ...] = ()
    more: int = 0


def plan_in_words(plan: Plan) -> tuple[str, ...]:
    """The faults of a plan in words."""
    return tuple(printable(str(placed)) for placed in plan.faults) or ("no fault: it fails in every run",)


def shrunk_plans(steps: Sequence[ShrinkStep], fingerprint: str) -> tuple[ShrunkPlan, ...]:
    """From the plan that was found to the smallest; empty where nothing smaller was tried."""
    found: list[ShrunkPlan] = []
    tried: list[ShrinkStep] = []
    for step in steps:
        if fingerprint not in step.failed:
            tried.append(step)
            continue
        found = _with_tried(found, tried)
        word = printable(plan_source(step.plan)) if step.plan.faults else ""
        found.append(ShrunkPlan(plan=plan_in_words(step.plan), word=word))
        tried = []
    return tuple(_with_tried(found, tried)) if len(steps) > 1 else ()


def _with_tried(found: list[ShrunkPlan], tried: list[ShrinkStep]) -> list[ShrunkPlan]:
    """The plans so far, with what was tried in place of the last."""
    if not found:
        return found
    told = tuple(TriedPlan(plan=plan_in_words(one.plan), verdict=_verdict(one)) for one in tried[:_TOLD])
    return [*found[:-1], found[-1].model_copy(update={"tried": told, "more": max(0, len(tried) - _TOLD)})]


def _verdict(step: ShrinkStep) -> str:
    return "fails in another way" if step.failed else _ENDS.get(step.verdict, "does not fail")
