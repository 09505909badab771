"""What is known of a turn once it has run."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class TurnResult(BaseModel):
    """How a turn went. Turns count from 0; `duration_s` is virtual seconds in replay, real ones while recording."""

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
    chaos: tuple[str, ...] = ()
