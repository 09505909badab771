"""A tool returns far too much."""

from __future__ import annotations

import json
from typing import Annotated, Literal

from annotated_types import Ge, Le

from agent_chaos.cassette.model import ToolEnd
from agent_chaos.faults.family import TOOL_RESULT, Frequency
from agent_chaos.faults.fault import Choice, Drawn, ToolFault, ToolOutcome, ToolTarget

_LINE = "2026-01-01T00:00:00Z INFO nothing to see here\n"


class ToolHuge(ToolFault, frozen=True):
    """The tool's result as text, followed by `kilobytes` of log lines: more than a context window wants.

    Source: xorbitsai/xagent#2392; a query without a limit, a page fetched whole.
    """

    family = TOOL_RESULT
    frequency = Frequency.SOMETIMES

    kind: Literal["tool_huge"] = "tool_huge"
    kilobytes: Annotated[int, Ge(1), Le(10_000), Drawn(16, 128)]

    @classmethod
    def openings(cls, target: ToolTarget) -> tuple[Choice, ...]:
        return ({},)

    def apply(self, target: ToolTarget) -> ToolOutcome:
        result = target.end.result
        text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False, default=str)
        return ToolOutcome(ToolEnd(f"{text}\n{_LINE * (self.kilobytes * 1_024 // len(_LINE) + 1)}"))

    def describe(self) -> str:
        return f"the tool returns {self.kilobytes} kB more than it did"
