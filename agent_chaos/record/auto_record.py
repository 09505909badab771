"""Records what has no recording yet, unasked, where somebody's key is there: the first run makes the cassette."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from agent_chaos.patch.install import online
from agent_chaos.patch.keys import may_record
from agent_chaos.record.recording import record_scenario
from agent_chaos.record.summary import RecordSummary
from agent_chaos.scenario.model import Scenario

_LOG = logging.getLogger("agent_chaos")


def unrecorded(scenarios: Iterable[Scenario]) -> list[Scenario]:
    """Of each recording that is missing and may be made now, one scenario."""
    # By the recording: a baseline and its variants share one.
    missing = {one.recorded_as: one for one in scenarios if not one.cassette_path.exists()}
    return list(missing.values()) if may_record() else []


def record_first(scenario: Scenario) -> RecordSummary:
    """Records a scenario live, its chaos off, and says so. Raises RecordError."""
    say_first(scenario)
    with online():
        return record_scenario(scenario)


def say_first(scenario: Scenario) -> None:
    """Says on stderr that a first recording is made."""
    # A log line, not a print: this may happen within a library call of somebody's own program.
    _LOG.warning(
        "%s has no recording yet: running it once, live, to make %s",
        scenario.recorded_as,
        scenario.cassette_path,
    )
