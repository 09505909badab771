"""The page of measured frameworks, from what `python -m compat` left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from docs.reference.markdown import WRITTEN, table

RESULTS = Path(__file__).parents[2] / "compat/results.json"


class Measured(BaseModel):
    """What one framework's agent did, unchanged: recorded, replayed with no server there, then searched.

    `clients` are the HTTP stacks below its SDK; `kinds` counts the kinds of fault that fired in `examples`;
    `real_runs` are the tools' own runs in replay and search, counted in a file by the tools themselves; `finding` is the first of
    the search's report. `note` says why something is missing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    framework: str
    version: str
    date: str
    clients: tuple[str, ...] = ()
    recorded: bool = False
    replayed: bool = False
    tools: tuple[str, ...] = ()
    examples: int = 0
    kinds: int = 0
    failures: int = 0
    real_runs: int = 0
    cpu_s: int = 0
    finding: str = ""
    note: str = ""


def measured() -> tuple[Measured, ...]:
    """Everything that was measured, by name."""
    found = TypeAdapter(tuple[Measured, ...]).validate_json(RESULTS.read_bytes()) if RESULTS.exists() else ()
    return tuple(sorted(found, key=lambda one: one.framework))


def frameworks_page() -> str:
    """The page as Markdown."""
    heading = (
        "Framework",
        "Measured on",
        "Through",
        "Records",
        "Replays offline",
        "Tools seen",
        "Kinds of fault",
        "Ways to fail",
        "Real tool runs",
        "First finding",
    )
    return "\n".join([*_INTRODUCTION, *table(heading, map(_cells, measured())), "", *_notes()])


_INTRODUCTION = (
    WRITTEN,
    "",
    "# Measured frameworks",
    "",
    "`python -m compat` takes an agent written as each framework's documentation does, in an environment of its own: it is",
    "recorded against a stand-in for the provider, then replayed and searched with the stand-in gone. The tools themselves count",
    "in a file how often they really ran meanwhile. What is found is what the agent's own stack does without anything that guards",
    "it; the first finding is shown with the smallest plan.",
    "",
)


def _cells(one: Measured) -> tuple[str, ...]:
    return (
        f"{one.framework} {one.version}",
        one.date,
        ", ".join(one.clients),
        _yes(one.recorded),
        _yes(one.replayed),
        ", ".join(one.tools) or "none",
        f"{one.kinds} in {one.examples} examples" if one.examples else "",
        str(one.failures) if one.examples else "",
        str(one.real_runs),
        one.finding.replace("|", "\\|"),
    )


def _notes() -> Iterator[str]:
    for one in measured():
        if one.note:
            yield f"- {one.framework}: {one.note}"
    yield ""


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"
