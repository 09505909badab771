"""What evaluators of other libraries are told of a finished run. Turns count from 0."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from agent_chaos.containment import Contained
from agent_chaos.results.context import ChaosContext
from agent_chaos.results.turn_result import AssertionResult, TurnResult


@dataclass(frozen=True, slots=True)
class ToolUsed:
    """A tool call of the agent: `at` is virtual seconds since the run started, `error` empty where it returned."""

    name: str
    arguments: Any
    turn: int
    at: float
    result: Any
    error: str

    @property
    def told(self) -> str:
        """What the agent got, as text."""
        return self.error or (self.result if isinstance(self.result, str) else _json(self.result))


def required(module: str, extra: str) -> None:
    """Raises ModuleNotFoundError, with the line that installs it, where a library is absent."""
    # Looked for, not imported: DeepEval takes seconds, and an assertion is made while its file is loaded.
    if importlib.util.find_spec(module) is None:
        raise ModuleNotFoundError(
            f'{module} is not installed: pip install "agent-chaos[{extra}]"', name=module
        )


def judged_turn(ctx: ChaosContext, turn: int | None) -> TurnResult:
    """The turn that is named, else the last one. Raises LookupError where it has not run."""
    found = ctx.get_turn_result(turn) if turn is not None else next(reversed(ctx.turn_results), None)
    if found is None:
        raise LookupError("no turn has run" if turn is None else f"turn {turn} has not run")
    return found


def tools_used(ctx: ChaosContext, turn: int | None = None) -> list[ToolUsed]:
    """The tools that the agent ran in a turn, or in the whole run, with what each gave."""
    return [
        ToolUsed(
            name=entry["tool_name"],
            arguments=entry["args"],
            turn=entry["turn_number"],
            at=entry["timestamp_ms"] / 1_000,
            result=entry["result"],
            error=entry["error"] or "",
        )
        # Out of the timeline, where each result stands with its arguments.
        for entry in ctx.metrics.conv.entries
        if entry["type"] == "tool_result" and turn in (None, entry["turn_number"])
    ]


def faults_told(ctx: ChaosContext) -> list[str]:
    """The faults that struck, in words."""
    return [f"fault in turn {fault.turn}: {fault.description}" for fault in ctx.metrics.faults]


def told_before(ctx: ChaosContext, turn: TurnResult) -> list[str]:
    """The conversation up to a turn, a line for each message."""
    lines = []
    for earlier in ctx.turn_results:
        if earlier.turn_number < turn.turn_number:
            lines.append(f"user: {earlier.input}")
            lines.append(
                f"assistant: {earlier.response}" if earlier.success else f"(failed: {earlier.error})"
            )
    return lines


def judged(name: str, turn: int | None, judge: Callable[[], AssertionResult]) -> AssertionResult:
    """What `judge` says; whatever it raises is a failed assertion that says so."""
    with Contained() as contained:
        # Returned from within: below the block stands what is done where it raised.
        return judge()
    exc = contained.error
    # A turn that has not run is no failure of the evaluator.
    said = str(exc) if isinstance(exc, LookupError) else f"the evaluator failed: {type(exc).__name__}: {exc}"
    return AssertionResult(name=name, passed=False, message=said, turn=turn)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
