"""A failure was seen, and not each time that its plan ran after a run without faults."""

from __future__ import annotations

from agent_chaos.report.remedies.remedy import Remedy

REMEDY = Remedy(
    name="fresh_start",
    headline="Seen, but not each time: an earlier run may have left what it needs",
    does="Give the scenario a `setup=` that makes what the agent keeps in its modules anew before every run: counters, caches, "
    "histories. Where users share a process, look at what one leaves to the next.",
    fits=lambda case: not case.reproduced,
    at=lambda case: None,
    reach="agent",
    # Whatever else would fit was made for failures that are there.
    order=0,
)
