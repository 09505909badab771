"""Assertions about one turn, counted from 0: the one that is named, else the one they stand in, else the last."""

from __future__ import annotations

from dataclasses import dataclass

from agent_chaos.results.context import ChaosContext
from agent_chaos.results.turn_result import AssertionResult, TurnResult
from agent_chaos.scenario.assertions import bounded, spent


def _result(ctx: ChaosContext, turn: int | None) -> TurnResult | None:
    if turn is None:
        # Asked for the whole run, it looks at what the user was left with.
        return ctx.turn_results[-1] if ctx.turn_results else None
    return ctx.get_turn_result(turn)


def _not_run(name: str, turn: int | None) -> AssertionResult:
    said = "no turn has run" if turn is None else f"turn {turn} has not run"
    return AssertionResult(name=name, passed=False, message=said, turn=turn)


@dataclass(frozen=True)
class TurnCompletes:
    """The turn `turn` (without one, each that has the assertion) succeeds; with `expect_error` it fails."""

    turn: int | None = None
    expect_error: bool = False
    name: str = "turn_completes"

    @property
    def allows_error(self) -> bool:
        return self.expect_error

    def __call__(self, ctx: ChaosContext, turn_number: int | None = None) -> AssertionResult:
        turn = turn_number if self.turn is None else self.turn
        if (result := _result(ctx, turn)) is None:
            return _not_run(self.name, turn)
        return AssertionResult(
            name=self.name,
            passed=result.success != self.expect_error,
            message=result.error or "the turn succeeded",
            measured=result.success,
            expected=not self.expect_error,
            turn=result.turn_number,
        )


@dataclass(frozen=True)
class TurnCompletesWithin:
    """The turn `turn` takes at most `timeout_s` virtual seconds."""

    timeout_s: float
    turn: int | None = None
    name: str = "turn_completes_within"

    def __call__(self, ctx: ChaosContext, turn_number: int | None = None) -> AssertionResult:
        turn = turn_number if self.turn is None else self.turn
        if (result := _result(ctx, turn)) is None:
            return _not_run(self.name, turn)
        found = bounded(self.name, result.duration_s, self.timeout_s, "virtual seconds")
        return found.model_copy(update={"turn": result.turn_number})


@dataclass(frozen=True)
class TurnResponseContains:
    """The response of the turn `turn` contains `substring`, whatever its case unless `case_sensitive`."""

    substring: str
    turn: int | None = None
    case_sensitive: bool = False
    name: str = "turn_response_contains"

    def __call__(self, ctx: ChaosContext, turn_number: int | None = None) -> AssertionResult:
        turn = turn_number if self.turn is None else self.turn
        if (result := _result(ctx, turn)) is None:
            return _not_run(self.name, turn)
        said, wanted = result.response, self.substring
        found = wanted in said if self.case_sensitive else wanted.lower() in said.lower()
        return AssertionResult(
            name=self.name,
            passed=found,
            message=f"the response {'contains' if found else 'does not contain'} {wanted!r}",
            measured=said[:200],
            expected=wanted,
            turn=result.turn_number,
        )


@dataclass(frozen=True)
class TurnMaxLLMCalls:
    """At most `max_calls` logical calls in the turn `turn`."""

    max_calls: int
    turn: int | None = None
    name: str = "turn_max_llm_calls"

    def __call__(self, ctx: ChaosContext, turn_number: int | None = None) -> AssertionResult:
        turn = turn_number if self.turn is None else self.turn
        if (result := _result(ctx, turn)) is None:
            return _not_run(self.name, turn)
        found = bounded(self.name, result.llm_calls, self.max_calls, "calls")
        return found.model_copy(update={"turn": result.turn_number})


@dataclass(frozen=True)
class MaxTokensPerTurn:
    """At most `max_tokens` tokens in the turn `turn`; in every turn where none is named."""

    max_tokens: int
    turn: int | None = None
    name: str = "max_tokens_per_turn"

    def __call__(self, ctx: ChaosContext, turn_number: int | None = None) -> AssertionResult:
        turn = turn_number if self.turn is None else self.turn
        # Without a turn it is about each of them, so the one with the most tokens decides.
        results = [one for one in ctx.turn_results if turn in (None, one.turn_number)]
        if not results:
            return _not_run(self.name, turn)
        most = max(results, key=lambda one: one.total_tokens)
        found = spent(self.name, ctx, most.total_tokens, self.max_tokens, "tokens in a turn", turn=turn)
        return found.model_copy(update={"turn": most.turn_number})
