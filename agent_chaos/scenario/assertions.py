"""Assertions about a whole run: callable with its context, `(ctx) -> AssertionResult`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from agent_chaos.containment import Contained
from agent_chaos.results.context import ChaosContext
from agent_chaos.results.turn_result import AssertionResult


def bounded(name: str, measured: float, limit: float, what: str, *, least: bool = False) -> AssertionResult:
    """A result for a number that must not pass a limit, or must reach one."""
    passed = measured >= limit if least else measured <= limit
    word = "at least" if least else "at most"
    noun = what.removesuffix("s") if measured == 1 else what
    return AssertionResult(
        name=name,
        passed=passed,
        message=f"{measured:g} {noun}, expected {word} {limit:g}",
        measured=measured,
        expected=limit,
    )


def spent(
    name: str, ctx: ChaosContext, measured: float, limit: float, what: str, *, turn: int | None = None
) -> AssertionResult:
    """A result for a number of tokens, which cannot pass where some calls (of the turn) came without their counts."""
    found = bounded(name, measured, limit, what)
    missing = sum(turn is None or record.turn == turn for record in ctx.metrics.uncounted)
    # A limit that is passed without the missing tokens is passed with them, too.
    if not (found.passed and missing):
        return found
    calls = len(ctx.metrics.history)
    told = f"{found.message}, but for {missing} of {calls} calls the provider told no tokens"
    advice = "OpenAI's chat streams do with stream_options={'include_usage': True}"
    return found.model_copy(update={"passed": False, "message": f"{told}; {advice}"})


def checked(assertion: Callable[..., Any], context: ChaosContext, turn: int | None) -> AssertionResult:
    """Runs an assertion, a callable or one of these; an exception in it is a failure."""
    name = str(getattr(assertion, "name", None) or getattr(assertion, "__name__", type(assertion).__name__))
    with Contained() as contained:
        # Inside the block: what has no signature is no assertion, and is told as one that failed.
        # By the parameter's name, as assertions of users come with and without it.
        wants_turn = "turn_number" in inspect.signature(assertion).parameters
        found = assertion(context, turn_number=turn) if wants_turn else assertion(context)
    if (exc := contained.error) is not None:
        return AssertionResult(
            name=name, passed=False, message=f"raised {type(exc).__name__}: {exc}", turn=turn
        )
    # Closed, so that Python does not warn later, at a place of its own, of a coroutine that was never
    # awaited.
    if inspect.iscoroutine(found):
        found.close()
        return AssertionResult(name=name, passed=False, message="is async; expected a function", turn=turn)
    if isinstance(found, AssertionResult):
        return found.model_copy(update={"turn": turn if found.turn is None else found.turn})
    return AssertionResult(name=name, passed=bool(found), message=f"gave {found!r}", turn=turn)


@dataclass(frozen=True)
class CompletesWithin:
    """The run takes at most `timeout_s` virtual seconds."""

    timeout_s: float
    name: str = "completes_within"

    def __call__(self, ctx: ChaosContext) -> AssertionResult:
        return bounded(self.name, ctx.elapsed_s, self.timeout_s, "virtual seconds")


@dataclass(frozen=True)
class MaxLLMCalls:
    """At most `max_calls` logical calls: a call with its retries is one."""

    max_calls: int
    name: str = "max_llm_calls"

    def __call__(self, ctx: ChaosContext) -> AssertionResult:
        return bounded(self.name, ctx.metrics.total_calls, self.max_calls, "calls")


@dataclass(frozen=True)
class MaxTotalLLMCalls(MaxLLMCalls):
    """At most `max_calls` logical calls, as `MaxLLMCalls`."""

    name: str = "max_total_llm_calls"


@dataclass(frozen=True)
class MinLLMCalls:
    """At least `min_calls` logical calls."""

    min_calls: int
    name: str = "min_llm_calls"

    def __call__(self, ctx: ChaosContext) -> AssertionResult:
        return bounded(self.name, ctx.metrics.total_calls, self.min_calls, "calls", least=True)


@dataclass(frozen=True)
class MaxFailedCalls:
    """At most `max_failed` calls whose last attempt failed."""

    max_failed: int
    name: str = "max_failed_calls"

    def __call__(self, ctx: ChaosContext) -> AssertionResult:
        return bounded(self.name, ctx.metrics.failed_calls, self.max_failed, "failed calls")


@dataclass(frozen=True)
class MinChaosInjected:
    """At least `min_chaos` faults struck."""

    min_chaos: int
    name: str = "min_chaos_injected"

    def __call__(self, ctx: ChaosContext) -> AssertionResult:
        found = bounded(self.name, len(ctx.metrics.faults), self.min_chaos, "faults", least=True)
        if found.passed:
            return found
        tools = ", ".join(dict.fromkeys(ctx.metrics.tools_called)) or "none"
        told = "; ".join([found.message, *ctx.unfired, f"tools called: {tools}"])
        return found.model_copy(update={"message": told})


@dataclass(frozen=True)
class ExpectError:
    """The run ends in an error whose text matches `pattern`, a regular expression; such a run passes although it failed.

    `allows_error` tells whoever judges the run so, and is always True.
    """

    pattern: str
    allows_error: bool = True
    name: str = "expect_error"

    def __call__(self, ctx: ChaosContext) -> AssertionResult:
        error = ctx.error or ""
        return AssertionResult(
            name=self.name,
            passed=bool(error and re.search(self.pattern, error)),
            message=f"the error was {error!r}" if error else "there was no error",
            measured=error or None,
            expected=self.pattern,
        )


@dataclass(frozen=True)
class AllTurnsComplete:
    """At most `allow_failures` turns fail."""

    allow_failures: int = 0
    name: str = "all_turns_complete"

    def __call__(self, ctx: ChaosContext) -> AssertionResult:
        failed = sum(not result.success for result in ctx.turn_results)
        return bounded(self.name, failed, self.allow_failures, "failed turns")


@dataclass(frozen=True)
class RecoveredAfterFailure:
    """The turn `failed_turn`, counted from 0, failed, and a later one succeeded."""

    failed_turn: int
    name: str = "recovered_after_failure"

    def __call__(self, ctx: ChaosContext) -> AssertionResult:
        result = ctx.get_turn_result(self.failed_turn)
        failed = result is not None and not result.success
        later = any(one.success for one in ctx.turn_results if one.turn_number > self.failed_turn)
        what = f"turn {self.failed_turn} {'failed' if failed else 'did not fail'}"
        return AssertionResult(
            name=self.name,
            passed=failed and later,
            message=f"{what}, {'a' if later else 'no'} later turn succeeded",
            measured=failed and later,
            expected=True,
        )


@dataclass(frozen=True)
class MaxTokens:
    """At most `max_tokens` tokens in and out."""

    max_tokens: int
    name: str = "max_tokens"

    def __call__(self, ctx: ChaosContext) -> AssertionResult:
        return spent(self.name, ctx, ctx.metrics.total_tokens, self.max_tokens, "tokens")


@dataclass(frozen=True)
class MaxInputTokens:
    """At most `max_tokens` tokens in."""

    max_tokens: int
    name: str = "max_input_tokens"

    def __call__(self, ctx: ChaosContext) -> AssertionResult:
        return spent(self.name, ctx, ctx.metrics.total_input_tokens, self.max_tokens, "input tokens")


@dataclass(frozen=True)
class MaxOutputTokens:
    """At most `max_tokens` tokens out."""

    max_tokens: int
    name: str = "max_output_tokens"

    def __call__(self, ctx: ChaosContext) -> AssertionResult:
        return spent(self.name, ctx, ctx.metrics.total_output_tokens, self.max_tokens, "output tokens")


def _per_call(ctx: ChaosContext, field: str) -> list[int]:
    return [record.usage.get(field, 0) for record in ctx.metrics.history]


@dataclass(frozen=True)
class MaxTokensPerCall:
    """At most `max_tokens` tokens in any call."""

    max_tokens: int
    name: str = "max_tokens_per_call"

    def __call__(self, ctx: ChaosContext) -> AssertionResult:
        most = max(_per_call(ctx, "total_tokens"), default=0)
        return spent(self.name, ctx, most, self.max_tokens, "tokens in a call")


@dataclass(frozen=True)
class MaxInputTokensPerCall:
    """At most `max_tokens` tokens into any call."""

    max_tokens: int
    name: str = "max_input_tokens_per_call"

    def __call__(self, ctx: ChaosContext) -> AssertionResult:
        most = max(_per_call(ctx, "input_tokens"), default=0)
        return spent(self.name, ctx, most, self.max_tokens, "input tokens in a call")


@dataclass(frozen=True)
class MaxOutputTokensPerCall:
    """At most `max_tokens` tokens out of any call."""

    max_tokens: int
    name: str = "max_output_tokens_per_call"

    def __call__(self, ctx: ChaosContext) -> AssertionResult:
        most = max(_per_call(ctx, "output_tokens"), default=0)
        return spent(self.name, ctx, most, self.max_tokens, "output tokens in a call")


@dataclass(frozen=True)
class TokenBurstDetection:
    """No call uses more than `absolute_max` tokens, nor more than `burst_multiplier` times the mean of those before it.

    The mean counts once there are `min_calls_for_average` calls; `mode` says which tokens.
    """

    absolute_max: int = 50_000
    burst_multiplier: float = 3.0
    min_calls_for_average: int = 2
    mode: Literal["total", "input", "output"] = "total"
    name: str = "token_burst_detection"

    def __call__(self, ctx: ChaosContext) -> AssertionResult:
        tokens = _per_call(ctx, f"{self.mode}_tokens")
        for number, used in enumerate(tokens):
            before = tokens[:number]
            mean = sum(before) / len(before) if len(before) >= self.min_calls_for_average else None
            # Of the two bounds the smaller one counts, and says in the message which was passed.
            limit = (
                self.absolute_max if mean is None else min(self.absolute_max, mean * self.burst_multiplier)
            )
            if used > limit:
                found = bounded(self.name, used, limit, f"{self.mode} tokens in call {number}")
                return found.model_copy(update={"passed": False})
        most = max(tokens, default=0)
        return spent(
            self.name, ctx, most, self.absolute_max, f"{self.mode} tokens in a call, without a burst"
        )
