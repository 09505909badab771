"""What is known of a turn once it has run, and of an assertion once it was checked."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from agent_chaos.results.metrics import FaultRecord, MetricsStore


class AssertionResult(BaseModel):
    """How an assertion went; `measured` and `expected` say by how much.

    `name` is the assertion's, `passed` whether it holds, `message` why not, and `turn` the turn it is about, None for the run.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    passed: bool
    message: str = ""
    measured: Any = None
    expected: Any = None
    turn: int | None = None

    # By position as well, as users of 0.1.3 write their own assertions; a pydantic model takes keywords
    # alone.
    def __init__(
        self,
        name: str,
        passed: bool,
        message: str = "",
        measured: Any = None,
        expected: Any = None,
        *,
        turn: int | None = None,
    ) -> None:
        super().__init__(
            name=name, passed=passed, message=message, measured=measured, expected=expected, turn=turn
        )


class TurnResult(BaseModel):
    """How a turn went. Turns count from 0; `duration_s` is virtual seconds in replay, real ones while recording.

    Args:
        turn_number, input, response: which turn, what the user said, and what the agent answered.
        success, error: whether it answered, and what it raised otherwise.
        is_dynamic: whether `input` was made by a function from the turns before.
        llm_calls, input_tokens, output_tokens, total_tokens: logical calls of the turn, and what they used.
        chaos: the faults that struck in it.
        assertion_results: how the turn's own assertions went.
    """

    model_config = ConfigDict(frozen=True)

    turn_number: int
    input: str
    response: str
    success: bool
    duration_s: float = 0.0
    llm_calls: int = 0
    error: str | None = None
    is_dynamic: bool = False
    input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int = 0
    chaos: tuple[dict[str, Any], ...] = ()
    """What struck in the turn, under the keys that scorecards use for what is configured."""
    assertion_results: tuple[AssertionResult, ...] = ()


def counted(result: TurnResult, metrics: MetricsStore) -> TurnResult:
    """The result with the calls, tokens and faults of its turn."""
    calls = [record for record in metrics.history if record.turn == result.turn_number]
    struck = tuple(_told(fault) for fault in metrics.faults if fault.turn == result.turn_number)
    spent = {
        field: sum(record.usage.get(field, 0) for record in calls)
        for field in ("input_tokens", "output_tokens", "total_tokens")
    }
    return result.model_copy(update={"llm_calls": len(calls), "chaos": struck, **spent})


def _told(fault: FaultRecord) -> dict[str, Any]:
    return {
        "chaos_type": fault.fault_type,
        "point": fault.chaos_point,
        "target_tool": fault.tool or None,
        "message": fault.description,
        "chaos_fn_name": fault.chaos_fn_name,
        "chaos_fn_doc": fault.chaos_fn_doc,
        "on_turn": fault.turn,
        "after_calls": None,
    }
