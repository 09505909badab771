"""What a scenario's own assertions say of a run that is over: part of its verdict, beside the oracles."""

from __future__ import annotations

from dataclasses import dataclass

from agent_chaos.oracles.oracle import ASSERTION, Violation
from agent_chaos.results.context import ChaosContext
from agent_chaos.results.metrics import MetricsStore
from agent_chaos.results.turn_result import AssertionResult, TurnResult, counted
from agent_chaos.scenario.assertions import checked
from agent_chaos.scenario.model import Scenario
from agent_chaos.trace.trace import Answer, Raised, Trace
from agent_chaos.trial.compute_metrics import measured
from agent_chaos.trial.injector import ChaosInjector

_ADVICE = "Make the agent keep what the scenario asserts, under this fault too, or assert less."


@dataclass(frozen=True)
class CheckedRun:
    """A run as its assertions saw it: the context that they were asked with, and what each said."""

    context: ChaosContext
    results: tuple[AssertionResult, ...]

    @property
    def violations(self) -> tuple[Violation, ...]:
        """One for each assertion that does not hold."""
        return tuple(_violation(one) for one in self.results if not one.passed)


def check_assertions(scenario: Scenario, trace: Trace, injector: ChaosInjector) -> CheckedRun:
    """Measures a run and asks every assertion of its scenario, those of turns with their turn."""
    metrics = measured(trace, injector)
    turns = _turn_results(trace, metrics, scenario)
    context = _context(injector, trace, metrics, turns)
    results = tuple(checked(one, context, turn) for one, turn in scenario.every_assertion)
    # After all were asked: an assertion sees the turns without what other assertions said of them.
    context.over(metrics, _with_results(turns, scenario, results))
    return CheckedRun(context, results)


def expects_error(scenario: Scenario) -> bool:
    """Whether an assertion says that the run, or a turn of it, ends in an error."""
    # By attribute, as any callable may be an assertion.
    return any(getattr(one, "allows_error", False) for one, _ in scenario.every_assertion)


def _violation(result: AssertionResult) -> Violation:
    turn = "" if result.turn is None else f" (turn {result.turn})"
    return Violation(
        oracle=ASSERTION,
        subject=f"{result.name}{turn}",
        reason=f"{result.name}: {result.message}",
        advice=_ADVICE,
        before=result.expected,
        after=result.measured,
    )


def _turn_results(trace: Trace, metrics: MetricsStore, scenario: Scenario) -> tuple[TurnResult, ...]:
    """How each turn went, in order, with its calls and tokens."""
    ended: list[Answer | Raised] = [*trace.answers, *trace.raised]
    results, since = [], 0.0
    # Answers and errors are two lists of the trace; together they are the turns in order.
    for entry in sorted(ended, key=lambda one: one.seq):
        dynamic = scenario.turns[entry.turn].is_dynamic()
        results.append(counted(_turn_result(entry, entry.at - since, dynamic=dynamic), metrics))
        since = entry.at
    return tuple(results)


def _turn_result(entry: Answer | Raised, duration_s: float, *, dynamic: bool) -> TurnResult:
    return TurnResult(
        turn_number=entry.turn,
        input=entry.input,
        response=entry.text if isinstance(entry, Answer) else "",
        success=isinstance(entry, Answer),
        duration_s=duration_s,
        error=f"{entry.type}: {entry.message}" if isinstance(entry, Raised) else None,
        is_dynamic=dynamic,
    )


def _context(
    injector: ChaosInjector, trace: Trace, metrics: MetricsStore, turns: tuple[TurnResult, ...]
) -> ChaosContext:
    context: ChaosContext = injector.context
    raised = trace.raised[-1] if trace.raised else None
    context.over(metrics, turns)
    context.elapsed_s = trace.virtual_s
    context.unfired = tuple(injector.unfired())
    context.error = f"{raised.type}: {raised.message}" if raised else None
    context.agent_input = turns[0].input if turns else None
    context.agent_output = trace.answers[-1].text if trace.answers else None
    return context


def _with_results(
    turns: tuple[TurnResult, ...], scenario: Scenario, results: tuple[AssertionResult, ...]
) -> list[TurnResult]:
    """The turns, each with the results of the assertions that stand in it."""
    whose = [turn for _, turn in scenario.every_assertion]
    return [
        one.model_copy(
            update={
                "assertion_results": tuple(
                    result for result, turn in zip(results, whose, strict=True) if turn == one.turn_number
                )
            }
        )
        for one in turns
    ]
