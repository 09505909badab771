"""Names that scenarios annotate their code with, as in 0.1.3."""

from __future__ import annotations

from collections.abc import Callable

from agent_chaos.chaos.compat import ChaosAction, ChaosPoint
from agent_chaos.results.turn_result import TurnResult

TurnInputGenerator = Callable[[list[TurnResult]], str]
"""Makes what the user says out of the turns before."""

TurnInput = str | TurnInputGenerator
"""What the user says in a turn."""

__all__ = ["ChaosAction", "ChaosPoint", "TurnInput", "TurnInputGenerator"]
