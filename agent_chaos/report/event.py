"""What commands say while they run, as values: one kind for each thing that can happen.

`--report ndjson` writes each as a line, so this is a format that programs read: kinds and fields may be added within a
version, and keep their meaning.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from agent_chaos import __version__
from agent_chaos.report.document import CampaignRecord, FailureRecord, FindingRecord
from agent_chaos.results.run_report import RunReport


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Started(_Event):
    """A command begins, over as many scenarios or stored failures as `items`."""

    kind: Literal["started"] = "started"
    format: Literal["agent-chaos events"] = "agent-chaos events"
    version: Literal[1] = 1
    agent_chaos: str = __version__
    command: str
    items: int = 1


class SearchStarted(_Event):
    """A scenario is about to be searched, in as many examples as it takes where there is no number."""

    kind: Literal["search_started"] = "search_started"
    scenario: str
    max_examples: int | None
    seed: int


class Searching(_Event):
    """Where a search is: `done` of `total` in its phase, after so many real `seconds`; `found` are fingerprints."""

    kind: Literal["searching"] = "searching"
    scenario: str
    phase: Literal["clean", "corpus", "search", "shrink"]
    done: int
    total: int
    failures: int
    seconds: float
    found: tuple[str, ...] = ()


class SearchEnded(_Event):
    """The search of a scenario is over."""

    kind: Literal["search_ended"] = "search_ended"
    campaign: CampaignRecord


class Ran(_Event):
    """A scenario ran with the chaos it configures."""

    kind: Literal["ran"] = "ran"
    report: RunReport
    exit_code: int


class Planned(_Event):
    """What a run of a scenario would do: its turns, and each fault with where it strikes."""

    kind: Literal["planned"] = "planned"
    scenario: str
    turns: int
    faults: tuple[str, ...] = ()


class Replayed(_Event):
    """A recording, a stored failure or an undecided plan (its `id`) ran again: how it stands, and why.

    `finding` and `failure` are there where it was asked for by name and fails.
    """

    kind: Literal["replayed"] = "replayed"
    id: str = ""
    scenario: str
    standing: str
    why: str
    exit_code: int
    plan: tuple[str, ...] = ()
    finding: FindingRecord | None = None
    failure: FailureRecord | None = None


class Shrunk(_Event):
    """A stored failure was made as small as it gets; `faults` before and after, and the `runs` it took."""

    kind: Literal["shrunk"] = "shrunk"
    id: str
    scenario: str
    faults_before: int
    faults: int
    smallness: str
    runs: int
    plan: tuple[str, ...] = ()


class Recorded(_Event):
    """A recording was made, or was there already (`fresh` is False); `unobserved` are tools that no boundary saw."""

    kind: Literal["recorded"] = "recorded"
    scenario: str
    path: str
    size_bytes: int
    calls: int
    input_tokens: int
    output_tokens: int
    tools: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    unobserved: tuple[str, ...] = ()
    fresh: bool = True


class Said(_Event):
    """A sentence that belongs to no result: a hint, a note, what was skipped."""

    kind: Literal["said"] = "said"
    text: str
    tone: Literal["plain", "quiet", "warning"] = "plain"


class Failed(_Event):
    """A scenario or stored failure could not be run, and why."""

    kind: Literal["failed"] = "failed"
    name: str
    error: str
    exit_code: int


class Ended(_Event):
    """The command is over; nothing follows."""

    kind: Literal["ended"] = "ended"
    exit_code: int
    text: str = ""


ReportEvent = (
    Started
    | SearchStarted
    | Searching
    | SearchEnded
    | Ran
    | Planned
    | Replayed
    | Shrunk
    | Recorded
    | Said
    | Failed
    | Ended
)

AnyEvent = Annotated[ReportEvent, Field(discriminator="kind")]
