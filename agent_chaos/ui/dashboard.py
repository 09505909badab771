"""The dashboard's rows: chosen, ordered, grouped and counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from agent_chaos.ui.runs import CHAOS_TYPES, Run

COLUMNS = {
    "name": "Scenario",
    "verdict": "Result",
    "turns": "Turns",
    "chaos": "Chaos",
    "faults": "Faults",
    "llm_calls": "LLM calls",
    "tools": "Tools",
    "assertions": "Assertions",
    "seconds": "Time",
    "batch": "When",
}
"""Columns by the field of `Run` that they show and sort by."""

GROUPS = {"parent": "baseline", "tag": "tag", "none": "nothing"}
_ASCENDING = ("name", "verdict", "chaos")


@dataclass(frozen=True, slots=True)
class RunFilter:
    """What a visitor chose; unknown words are what nobody chose."""

    result: str = ""
    chaos: str = ""
    tag: str = ""
    batch: str = ""
    group: str = "parent"
    sort: str = "batch"
    down: bool = True

    @classmethod
    def of(cls, query: Mapping[str, str]) -> RunFilter:
        sort = query.get("sort", "")
        group = query.get("group", "")
        chaos = query.get("chaos", "")
        return cls(
            result=query.get("result", ""),
            chaos=chaos if chaos in CHAOS_TYPES else "",
            tag=query.get("tag", ""),
            batch=query.get("batch", ""),
            group=group if group in GROUPS else "parent",
            sort=sort if sort in COLUMNS else "batch",
            down=query.get("order", "down") != "up",
        )

    def link(self, **changed: Any) -> str:
        """The address of the same page with something else chosen."""
        words = {
            "result": self.result,
            "chaos": self.chaos,
            "tag": self.tag,
            "batch": self.batch,
            "group": self.group,
            "sort": self.sort,
            "order": "down" if self.down else "up",
        }
        return "/?" + urlencode({key: value for key, value in {**words, **changed}.items() if value})

    def sorted_by(self, column: str) -> str:
        """The address that sorts by a column, the other way round where it is sorted by already."""
        first = "up" if column in _ASCENDING else "down"
        other = "up" if self.down else "down"
        return self.link(sort=column, order=other if column == self.sort else first)


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts over the rows shown. `resilient` is the share of runs with faults that passed, None without any."""

    runs: int
    passed: int
    faults: int
    assertions: int
    assertions_passed: int
    resilient: float | None
    seconds: float


def filtered_runs(runs: list[Run], asked: RunFilter) -> list[Run]:
    """The rows that match every filter, in the order asked for."""
    kept = [run for run in runs if _matches(run, asked)]
    return sorted(kept, key=lambda run: (_key(run, asked.sort), run.name), reverse=asked.down)


def grouped(runs: list[Run], asked: RunFilter) -> list[tuple[str, list[Run]]]:
    """Rows under headings: a baseline with its variants, a tag, or all under none."""
    if asked.group == "none":
        return [("", runs)]
    groups: dict[str, list[Run]] = {}
    for run in runs:
        for heading in _headings(run, asked.group):
            groups.setdefault(heading, []).append(run)
    if asked.group == "parent":
        for heading, rows in groups.items():
            # The baseline first; the sort is stable, and leaves its variants as they were asked for.
            rows.sort(key=lambda run: run.name != heading)
    return list(groups.items())


def totals(runs: list[Run]) -> Totals:
    struck = [run for run in runs if run.faults]
    return Totals(
        runs=len(runs),
        passed=sum(run.passed for run in runs),
        faults=sum(run.faults for run in runs),
        assertions=sum(run.assertions for run in runs),
        assertions_passed=sum(run.assertions_passed for run in runs),
        resilient=sum(run.passed for run in struck) / len(struck) if struck else None,
        seconds=sum(run.seconds for run in runs),
    )


def _matches(run: Run, asked: RunFilter) -> bool:
    result = "pass" if run.passed else "fail"
    return (
        (not asked.result or asked.result in (result, run.verdict))
        and (not asked.chaos or asked.chaos in run.chaos)
        and (not asked.tag or asked.tag in run.tags)
        and (not asked.batch or asked.batch == run.batch)
    )


def _headings(run: Run, group: str) -> tuple[str, ...]:
    if group == "tag":
        return run.tags or ("without a tag",)
    # A baseline has no parent, and is the heading that its variants stand under.
    return (run.parent or run.name,)


def _key(run: Run, column: str) -> Any:
    value = getattr(run, column)
    return value if not isinstance(value, tuple) else " ".join(value)
