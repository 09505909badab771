"""DeepEval's metrics as assertions: `assertions=[as_assertion(AnswerRelevancyMetric(threshold=0.7))]`.

They are asked once the run is over, in real time; one that asks a model itself needs a key and a network.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from agent_chaos.integrations.evaluation import (
    ToolUsed,
    faults_told,
    judged,
    judged_turn,
    required,
    told_before,
    tools_used,
)
from agent_chaos.results.context import ChaosContext
from agent_chaos.results.turn_result import AssertionResult

MetricSource = Any
"""A metric of DeepEval, or a function of no arguments (a class, too) that makes one when it is needed."""


def as_assertion(
    metric: MetricSource,
    threshold: float | None = None,
    expected_tools: Sequence[Any] | None = None,
    expected_output: str | None = None,
    turn: int | None = None,
    name: str | None = None,
    scenario: str | None = None,
    expected_outcome: str | None = None,
    chatbot_role: str | None = None,
) -> DeepEvalAssertion | ConversationalDeepEvalAssertion:
    """An assertion that holds where the metric says so.

    Args:
        metric: what to ask, or a function that makes it.
        threshold: instead of the metric's own; the metric itself stays as it is.
        expected_tools: names, or DeepEval's `ToolCall`s.
        turn: the turn to judge, counted from 0; the one the assertion stands in, else the last, without one.
        name: of the assertion in reports; the metric's own without one.
        scenario, expected_outcome, chatbot_role: of the conversation; naming one makes the metric a conversational one.

    Raises:
        ModuleNotFoundError: DeepEval is not installed.
    """
    # Here and not in the first run: who writes the scenario is to be told, and at that line.
    required("deepeval", "deepeval")
    if _conversational(metric) or any((scenario, expected_outcome, chatbot_role)):
        return ConversationalDeepEvalAssertion(
            metric, threshold, scenario, expected_outcome, chatbot_role, name or _name(metric)
        )
    return DeepEvalAssertion(metric, threshold, expected_tools, expected_output, turn, name or _name(metric))


wrap_metric = as_assertion


@dataclass(frozen=True)
class DeepEvalAssertion:
    """A metric of one turn: what was asked, what was answered, and the tools in between."""

    metric: MetricSource
    threshold: float | None = None
    expected_tools: Sequence[Any] | None = None
    expected_output: str | None = None
    turn: int | None = None
    name: str = "deepeval"

    def __call__(self, ctx: ChaosContext, turn_number: int | None = None) -> AssertionResult:
        turn = turn_number if self.turn is None else self.turn
        return judged(self.name, turn, lambda: self._judge(ctx, turn))

    def _judge(self, ctx: ChaosContext, turn: int | None) -> AssertionResult:
        metric = _made(self.metric)
        if _conversational(metric):
            return _asked(metric, build_conversational_test_case(ctx), self.name, self.threshold, turn)
        case = build_llm_test_case(ctx, self.expected_tools, self.expected_output, turn)
        return _asked(metric, case, self.name, self.threshold, turn)


@dataclass(frozen=True)
class ConversationalDeepEvalAssertion:
    """A metric of the whole conversation."""

    metric: MetricSource
    threshold: float | None = None
    scenario: str | None = None
    expected_outcome: str | None = None
    chatbot_role: str | None = None
    name: str = "deepeval"

    def __call__(self, ctx: ChaosContext, turn_number: int | None = None) -> AssertionResult:
        return judged(self.name, turn_number, lambda: self._judge(ctx, turn_number))

    def _judge(self, ctx: ChaosContext, turn: int | None) -> AssertionResult:
        case = build_conversational_test_case(ctx, self.scenario, self.expected_outcome, self.chatbot_role)
        return _asked(_made(self.metric), case, self.name, self.threshold, turn)


def build_llm_test_case(
    ctx: ChaosContext,
    expected_tools: Sequence[Any] | None = None,
    expected_output: str | None = None,
    turn: int | None = None,
) -> Any:
    """DeepEval's `LLMTestCase` of a turn, the last one where none is named.

    Its context is the conversation before and the faults that struck, its retrieval context what the tools gave.
    Tools are those of the turn; without one, of the whole run. Raises LookupError for a turn that has not run.
    """
    about, cases = judged_turn(ctx, turn), import_module("deepeval.test_case")
    used = tools_used(ctx, turn)
    expected = None if expected_tools is None else [_tool(cases, one) for one in expected_tools]
    return cases.LLMTestCase(
        input=about.input,
        actual_output=about.response,
        expected_output=expected_output,
        context=[*told_before(ctx, about), *faults_told(ctx)] or None,
        retrieval_context=[one.told for one in used] or None,
        tools_called=[_called(cases, one) for one in used],
        expected_tools=expected,
        completion_time=about.duration_s,
        name=ctx.name,
    )


def build_conversational_test_case(
    ctx: ChaosContext,
    scenario: str | None = None,
    expected_outcome: str | None = None,
    chatbot_role: str | None = None,
) -> Any:
    """DeepEval's `ConversationalTestCase` of a run; a failed turn contributes the user's message only.

    Its context is the faults that struck. Raises LookupError where no turn has run.
    """
    judged_turn(ctx, None)
    cases = import_module("deepeval.test_case")
    turns: list[Any] = []
    for result in ctx.turn_results:
        used = tools_used(ctx, result.turn_number)
        turns.append(cases.Turn(role="user", content=result.input))
        if result.success:
            gave = [one.told for one in used] or None
            called = [_called(cases, one) for one in used] or None
            turns.append(
                cases.Turn(
                    role="assistant", content=result.response, tools_called=called, retrieval_context=gave
                )
            )
    return cases.ConversationalTestCase(
        turns=turns,
        scenario=scenario,
        expected_outcome=expected_outcome,
        chatbot_role=chatbot_role,
        context=faults_told(ctx) or None,
        name=ctx.name,
    )


def _asked(metric: Any, case: Any, name: str, threshold: float | None, turn: int | None) -> AssertionResult:
    """Asks a copy of the metric, so that one metric may serve several assertions with thresholds of their own."""
    asked = copy.copy(metric)
    if threshold is not None:
        asked.threshold = threshold
    # `measure` first: DeepEval sets `reason` and `success` on the metric as it measures.
    score, limit = asked.measure(case), getattr(asked, "threshold", None)
    passed = asked.is_successful()
    # DeepEval's `is_successful` gives None where a metric has no threshold to compare with.
    if passed is None:
        said = (
            f"the metric has no threshold (its score is {score}); as_assertion(…, threshold=…) gives it one"
        )
    else:
        said = str(getattr(asked, "reason", None) or f"score {score}, threshold {limit}")
    return AssertionResult(
        name=name, passed=bool(passed), message=said, measured=score, expected=limit, turn=turn
    )


def _made(metric: MetricSource) -> Any:
    # A metric that is callable has `measure` all the same; a function that makes one has not.
    factory = isinstance(metric, type) or (callable(metric) and not hasattr(metric, "measure"))
    return metric() if factory else metric


def _conversational(metric: MetricSource) -> bool:
    """Whether a metric, or the class of one, judges conversations: by its base class, or by its name."""
    if not isinstance(metric, type) and not hasattr(metric, "measure"):
        return False
    cls = metric if isinstance(metric, type) else type(metric)
    # By name, since the class is not imported: DeepEval takes seconds to load, and a scenario file names
    # metrics at its top.
    bases = [base.__name__ for base in cls.__mro__]
    if "BaseMetric" in bases or "BaseConversationalMetric" in bases:
        return "BaseConversationalMetric" in bases
    # Metrics of users need not derive from DeepEval's classes.
    return any(word in cls.__name__.lower() for word in ("conversational", "role"))


def _name(metric: MetricSource) -> str:
    return str(getattr(metric, "__name__", "") or type(metric).__name__)


def _called(cases: Any, used: ToolUsed) -> Any:
    # DeepEval takes a dictionary only.
    given = used.arguments if isinstance(used.arguments, dict) else {"arguments": used.arguments}
    return cases.ToolCall(name=used.name, input_parameters=given, output=used.error or used.result)


def _tool(cases: Any, expected: Any) -> Any:
    return cases.ToolCall(name=expected) if isinstance(expected, str) else expected
