"""How much a failure matters: how often its faults are met, and how grave what follows is."""

from __future__ import annotations

from agent_chaos.faults.catalogue import fault_type
from agent_chaos.faults.family import Frequency
from agent_chaos.faults.plan import Plan

_WEIGHTS = {
    Frequency.EVERYDAY: 27,
    Frequency.SOMETIMES: 9,
    Frequency.RARE: 3,
    Frequency.HOSTILE: 1,
}
"""Each step is met about a third as often as the one before."""


def met(plan: Plan) -> Frequency:
    """How often a plan's faults are met: as often as the rarest of them."""
    return max((placed.fault.frequency for placed in plan.faults), default=Frequency.HOSTILE)


def is_everyday(kind: str) -> bool:
    """Whether any agent that runs for a week meets a kind of fault."""
    return fault_type(kind).frequency is Frequency.EVERYDAY


def likelihood(plan: Plan) -> int:
    """A weight for how often a plan is met: that of its rarest fault, less for each fault that must come with it."""
    return max(1, _WEIGHTS[met(plan)] // max(1, len(plan)))


_GRAVITY = {
    "unfinished_tool_call": 9,
    "argument_fidelity": 9,
    "duplicate_side_effect": 9,
    "swallowed_error": 8,
    "silent_truncation": 8,
    "internals_leak": 8,
    "duplicate_text": 6,
    "request_validity": 6,
    "history_poisoning": 6,
    "empty_answer": 5,
    "transparent_outcome": 5,
    "termination": 5,
    "unhandled_exception": 4,
    "retry_discipline": 3,
    "amplification": 3,
    "cost_amplification": 3,
    "leaks": 2,
}


def gravity(oracle: str) -> int:
    """How grave what an oracle finds is: harm done without a word before a turn that ended, that before waste."""
    return _GRAVITY.get(oracle, 4)
