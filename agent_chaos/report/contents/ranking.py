"""How much a failure matters: how often its faults are met, and how grave what follows is."""

from __future__ import annotations

from agent_chaos.faults.family import Frequency
from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.oracle import Gravity, Violation
from agent_chaos.oracles.registry import gravity_of

_WEIGHTS = {
    Frequency.EVERYDAY: 27,
    Frequency.SOMETIMES: 9,
    Frequency.RARE: 3,
    Frequency.HOSTILE: 1,
}
"""Each step is met about a third as often as the one before."""

_EVERY_RUN = (len(Gravity) + 1) * _WEIGHTS[Frequency.EVERYDAY]
"""What fails without a fault fails every user: the mildest such failure goes before the gravest that needs a fault."""


def likelihood(plan: Plan) -> int:
    """A weight for how often a plan is met: that of its rarest fault, less for each fault that must come with it."""
    if not plan.faults:
        return _EVERY_RUN
    return max(1, _WEIGHTS[plan.frequency] // len(plan))


def gravity(violation: Violation) -> int:
    """A weight for how grave a finding is: harm done without a word before a turn that ended, that before waste."""
    # `Gravity` counts from the gravest.
    return len(Gravity) - gravity_of(violation)
