"""Why a run is ended from outside of its agent, and the exception that ends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agent_chaos.errors import BudgetStop, TrialStop, TrialTimeout


@dataclass(frozen=True, slots=True)
class RunStop:
    """Why a run is ended from outside of its agent."""

    kind: Literal["timeout", "budget"]
    detail: str

    def error(self) -> TrialStop:
        return TrialTimeout(self.detail) if self.kind == "timeout" else BudgetStop(self.detail)
