"""Reads a folder of runs: what `run` and `fuzz` wrote, in any state, and never anything outside of it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

from pydantic import ValidationError

from agent_chaos.errors import PlanError
from agent_chaos.providers.json_values import JsonObject
from agent_chaos.report.document import Document, Score

# No slash and no dot in front: a name out of an address never leaves the folder, nor shows hidden files.
_NAME = re.compile(r"[\w][\w.+-]*")
# Faults that struck name their point as events do, configured chaos as the DSL does; pages show one word
# for both.
_POINTS = {
    "user_input": "user input",
    "llm": "LLM call",
    "llm_call": "LLM call",
    "stream": "LLM streaming",
    "tool": "tools",
    "tool_result": "tools",
    "context": "context",
    "messages": "context",
    "history": "context",
}
MOST_RUNS = 500
"""How many runs the dashboard reads and shows at once."""

CHAOS_TYPES = ("user input", "LLM call", "LLM streaming", "tools", "context", "none")
"""What runs can be filtered by, beside their result and tags."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run, as a row of the dashboard. `id` is its path below the folder; times are virtual seconds.

    `problem` says why its files could not be read; then everything else is empty.
    """

    id: str
    batch: str
    name: str
    verdict: str = ""
    passed: bool = False
    parent: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    chaos: tuple[str, ...] = ("none",)
    faults: int = 0
    turns: int = 0
    llm_calls: int = 0
    tools: int = 0
    assertions: int = 0
    assertions_passed: int = 0
    seconds: float = 0.0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """One `fuzz` of a scenario; `fix_first` is the headline of its first finding."""

    id: str
    scenario: str = ""
    exit_code: int = 0
    findings: int = 0
    fix_first: str = ""
    score: Score | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of runs. Everything is read when it is asked for, and kept as long as the file does not change."""

    root: Path

    def batches(self) -> dict[str, tuple[str, ...]]:
        """The folders of runs by the batch they ran in, newest first, without a look into any."""
        found = {batch: _folders(self.root / batch) for batch in _folders(self.root)}
        return {batch: names for batch, names in found.items() if names and not self._is_campaign(batch)}

    def runs(self, batches: Mapping[str, Sequence[str]]) -> list[Run]:
        """The runs of some batches, newest first, at most `MOST_RUNS`."""
        named = ((batch, name) for batch, names in batches.items() for name in names)
        files = (self.root / batch / name / "report.json" for batch, name in named)
        found = (_run(file) for file in files if file.is_file() and self._holds(file))
        # Lazily, so that the files of older runs are not even opened.
        return list(islice(found, MOST_RUNS))

    def campaigns(self) -> list[CampaignRow]:
        """Every campaign, newest first."""
        found = [_campaign_row(self.root, file) for file in self._files("campaign.json", depth=1)]
        return sorted(found, key=lambda row: row.id, reverse=True)

    def report(self, batch: str, name: str) -> JsonObject | None:
        """A run's report; None where there is none that can be read."""
        return self._read(batch, name, "report.json")

    def campaign(self, batch: str) -> Document | None:
        """A campaign's document; None where there is none that this version can read."""
        try:
            return Document.model_validate(self._read(batch, "campaign.json"))
        except (ValidationError, PlanError):
            return None

    def _read(self, *parts: str) -> JsonObject | None:
        if not all(_NAME.fullmatch(part) for part in parts):
            return None
        path = self.root.joinpath(*parts)
        if not path.is_file() or not path.resolve().is_relative_to(self.root.resolve()):
            return None
        value, _ = _loaded(path)
        return value

    def _files(self, name: str, depth: int) -> Iterator[Path]:
        for path in self.root.glob("/".join(["*"] * depth + [name])):
            if self._holds(path) and all(_NAME.fullmatch(part) for part in path.relative_to(self.root).parts):
                yield path

    def _holds(self, path: Path) -> bool:
        """Whether a path lies in the folder, wherever a link in it leads."""
        return path.resolve().is_relative_to(self.root.resolve())

    def _is_campaign(self, batch: str) -> bool:
        return (self.root / batch / "campaign.json").exists()


def _folders(folder: Path) -> tuple[str, ...]:
    """The names of the folders in a folder, last first; those that are no name of ours are passed over."""
    try:
        with os.scandir(folder) as entries:
            return tuple(
                sorted(
                    (one.name for one in entries if _NAME.fullmatch(one.name) and one.is_dir()), reverse=True
                )
            )
    except OSError:
        return ()


def _loaded(path: Path) -> tuple[JsonObject | None, str]:
    """A JSON object, or None and why."""
    try:
        stat = path.stat()
        return _parsed(path, stat.st_mtime_ns, stat.st_size)
    except OSError as exc:
        return None, f"{path.name} cannot be read: {exc.strerror}"


@lru_cache(maxsize=4096)
def _parsed(path: Path, changed: int, size: int) -> tuple[JsonObject | None, str]:
    try:
        # `changed` and `size` are there for the cache alone: a file that grew is read again. A run that was
        # killed may have left half a character at its end.
        value = json.loads(path.read_text(encoding="utf-8", errors="replace"))
    except (ValueError, RecursionError):
        return None, f"{path.name} is not whole: the run may still be going on, or was stopped"
    if isinstance(value, dict):
        return value, ""
    return None, f"{path.name} holds no report"


def _run(file: Path) -> Run:
    batch, name = file.parent.parent.name, file.parent.name
    report, problem = _loaded(file)
    bare = Run(f"{batch}/{name}", batch, name.rpartition("-")[0] or name, problem=problem)
    if report is None:
        return bare
    try:
        return _row(bare, report)
    # Written by another version, or by hand: any field may be missing, or be of another type.
    except (TypeError, ValueError, AttributeError, KeyError):
        return Run(bare.id, batch, bare.name, problem="report.json is not a report of this version")


def _row(bare: Run, report: JsonObject) -> Run:
    metrics, card = report["metrics"], report["scorecard"]
    results = report["assertion_results"]
    return Run(
        id=bare.id,
        batch=bare.batch,
        name=str(report["scenario_name"]),
        verdict=str(report["verdict"]),
        passed=bool(report["passed"]),
        parent=str(report["meta"].get("_parent") or ""),
        description=str(report.get("description") or ""),
        tags=tuple(map(str, report["tags"])),
        chaos=_chaos(metrics["faults"], card["scenario_chaos"]),
        faults=len(metrics["faults"]),
        turns=len(report["turn_results"]),
        llm_calls=int(report["llm_calls"]),
        tools=len(metrics["tools_called"]),
        assertions=len(results),
        assertions_passed=sum(bool(one["passed"]) for one in results),
        seconds=float(report["elapsed_s"]),
    )


def _chaos(faults: list[JsonObject], configured: list[JsonObject]) -> tuple[str, ...]:
    points = [one.get("chaos_point") for one in faults] + [one.get("point") for one in configured]
    types = {_POINTS.get(str(point), "context") for point in points if point}
    return tuple(one for one in CHAOS_TYPES if one in types) or ("none",)


def _campaign_row(root: Path, file: Path) -> CampaignRow:
    batch = file.parent.name
    document, problem = _loaded(file)
    try:
        campaign = (document or {})["campaigns"][0]
        score, findings = campaign.get("score"), campaign["findings"]
        return CampaignRow(
            batch,
            str(campaign["scenario"]),
            int(campaign["exit_code"]),
            findings=len(findings),
            fix_first=str(findings[0]["headline"]) if findings else "",
            score=Score.model_validate(score) if score else None,
        )
    except (TypeError, KeyError, IndexError, AttributeError, ValueError):
        return CampaignRow(batch, problem=problem or "campaign.json is not a campaign of this version")
