"""pydantic-evals' evaluators as assertions: `assertions=[as_assertion(Contains("refund"))]`.

They are asked once the run is over. Evaluators that read spans (ToolCorrectness, MaxModelRequests, HasMatchingSpan) get a
tree made of the run's own tool and model calls.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from agent_chaos.integrations.evaluation import (
    faults_told,
    judged,
    judged_turn,
    required,
    told_before,
    tools_used,
)
from agent_chaos.integrations.spans import span_tree
from agent_chaos.results.context import ChaosContext
from agent_chaos.results.turn_result import AssertionResult


def as_assertion(
    evaluator: Any,
    threshold: float | None = None,
    expected_output: Any = None,
    turn: int | None = None,
    name: str | None = None,
    include_chaos_info: bool = True,
) -> PydanticEvalsAssertion:
    """An assertion that holds where the evaluator says so: every bool is True, every number reaches `threshold`.

    Labels say nothing, and neither do numbers without a threshold; an evaluator that gives nothing else fails.

    Args:
        evaluator: what to ask.
        turn: the turn to judge, counted from 0; the one the assertion stands in, else the last, without one.
        name: of the assertion in reports; the evaluator's own without one.
        include_chaos_info: tell the evaluator, in its metadata, which faults struck.

    Raises:
        ModuleNotFoundError: pydantic-evals is not installed.
    """
    required("pydantic_evals", "pydantic-evals")
    named = name or str(getattr(evaluator, "get_default_evaluation_name", lambda: type(evaluator).__name__)())
    return PydanticEvalsAssertion(evaluator, threshold, expected_output, turn, named, include_chaos_info)


@dataclass(frozen=True)
class PydanticEvalsAssertion:
    """An evaluator of one turn."""

    evaluator: Any
    threshold: float | None = None
    expected_output: Any = None
    turn: int | None = None
    name: str = "pydantic_evals"
    include_chaos_info: bool = True

    def __call__(self, ctx: ChaosContext, turn_number: int | None = None) -> AssertionResult:
        turn = turn_number if self.turn is None else self.turn
        return judged(self.name, turn, lambda: self._judge(ctx, turn))

    def _judge(self, ctx: ChaosContext, turn: int | None) -> AssertionResult:
        context = build_evaluator_context(
            ctx, self.expected_output, turn, include_chaos_info=self.include_chaos_info
        )
        found = self.evaluator.evaluate(context)
        # Evaluators may be async, and no loop runs where assertions are asked.
        said = asyncio.run(_awaited(found)) if inspect.isawaitable(found) else found
        return self._result(said, turn)

    def _result(self, said: Any, turn: int | None) -> AssertionResult:
        """One verdict of what may be several results."""
        several = said if isinstance(said, Mapping) else {"": said}
        # Results come bare, or with a reason around them (`EvaluationReason`).
        values = {name: getattr(one, "value", one) for name, one in several.items()}
        reasons = [str(one.reason) for one in several.values() if getattr(one, "reason", None)]
        decided = {name: held for name, one in values.items() if (held := self._held(one)) is not None}
        return AssertionResult(
            name=self.name,
            # An evaluator that decides nothing has not been satisfied: its silence must not pass.
            passed=bool(decided) and all(decided.values()),
            message="; ".join(reasons) or self._words(values, decided),
            measured=values if isinstance(said, Mapping) else values[""],
            expected=True if self.threshold is None else self.threshold,
            turn=turn,
        )

    def _held(self, value: Any) -> bool | None:
        """Whether a result holds; None where it decides nothing."""
        # Before numbers, as True is one to Python.
        if isinstance(value, bool):
            return value
        scored = isinstance(value, int | float) and self.threshold is not None
        return bool(value >= self.threshold) if scored else None

    def _words(self, values: dict[str, Any], decided: dict[str, bool]) -> str:
        if not decided:
            return f"the evaluator decides nothing: it gave {values.get('', values)!r}; a score needs threshold=…"
        return ", ".join(f"{name}: {values[name]}" if name else str(values[name]) for name in decided)


def build_evaluator_context(
    ctx: ChaosContext,
    expected_output: Any = None,
    turn: int | None = None,
    name: str | None = None,
    include_chaos_info: bool = True,
) -> Any:
    """pydantic-evals' `EvaluatorContext` of a turn, the last one where none is named.

    `metadata` holds the conversation before and the faults that struck, `attributes` the tool calls, `metrics` calls
    and tokens, `duration` virtual seconds. Raises LookupError for a turn that has not run.
    """
    about, used = judged_turn(ctx, turn), tools_used(ctx, turn)
    tools = [{"name": one.name, "arguments": one.arguments, "result": one.told} for one in used]
    told: dict[str, Any] = {"before": told_before(ctx, about), "turn": about.turn_number}
    if include_chaos_info:
        told["faults"] = faults_told(ctx)
    return import_module("pydantic_evals.evaluators").EvaluatorContext(
        name=name or ctx.name,
        inputs=about.input,
        output=about.response,
        expected_output=expected_output,
        metadata=told,
        duration=about.duration_s,
        # Private, and the only way to hand over spans that no tracer has recorded.
        _span_tree=span_tree(ctx, turn),
        attributes={"tools": tools, "error": about.error},
        metrics={
            "llm_calls": about.llm_calls,
            "input_tokens": about.input_tokens,
            "output_tokens": about.output_tokens,
        },
    )


async def _awaited(value: Any) -> Any:
    return await value
