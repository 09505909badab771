"""What a tool speaks through goes away."""

from __future__ import annotations

from typing import Literal, get_args

from agent_chaos.cassette.model import ToolEnd
from agent_chaos.faults.family import TOOL_EFFECT, Frequency
from agent_chaos.faults.fault import Choice, ToolFault, ToolOutcome, ToolTarget

_How = Literal["server_gone", "loop_closed"]


class ToolDisconnected(ToolFault, frozen=True):
    """The server goes away in the middle of the call, when its effect has landed; or the event loop that the tool's client was
    made on is closed, so that no call gets out.

    Source: agno-agi/agno#8928, livekit/agents#6291, MoonshotAI/kimi-code#1991 (server gone), pydantic/pydantic-ai#135
    (loop closed).
    """

    family = TOOL_EFFECT
    frequency = Frequency.SOMETIMES

    kind: Literal["tool_disconnected"] = "tool_disconnected"
    how: _How

    @classmethod
    def openings(cls, target: ToolTarget) -> tuple[Choice, ...]:
        return tuple({"how": how} for how in get_args(_How))

    def apply(self, target: ToolTarget) -> ToolOutcome:
        if self.how == "server_gone":
            return ToolOutcome(
                ToolEnd(error_type="ConnectionError", error="the server closed the connection")
            )
        # asyncio's own words: a client made on a loop that is closed raises this at its first I/O.
        return ToolOutcome(ToolEnd(error_type="RuntimeError", error="Event loop is closed"), performed=False)

    def describe(self) -> str:
        if self.how == "server_gone":
            return "the tool's server goes away in the middle of the call, although its effect landed"
        return "the event loop of the tool's client is closed"
