"""A run's timeline has a line for whatever can be in a trace."""

from typing import get_args, get_type_hints

import pytest

from agent_chaos.faults.plan import Plan
from agent_chaos.report.contents.timeline import timeline_rows
from agent_chaos.trace.trace import Incident, Trace


@pytest.mark.parametrize("kind", get_args(get_type_hints(Incident)["kind"]))
def test_every_kind_of_incident_is_told(kind):
    trace = Trace(Plan(), (Incident(0, 1.0, kind, "what happened"),), virtual_s=1.0)

    assert [
        line.text
        for row in timeline_rows(trace)
        for line in row.lines
        if line.text.endswith(": what happened")
    ]
