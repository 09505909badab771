"""GitHub Actions: an annotation at the agent's line for each finding, and a step summary.

Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TextIO

from agent_chaos.errors import UsageError
from agent_chaos.report.event import Ended, ReportEvent
from agent_chaos.report.printable import printable
from agent_chaos.report.reporter import Reporter, ReportFormat, View
from agent_chaos.report.result import Result, ResultProblem, result_of

_ANNOTATIONS = 10
"""GitHub shows no more errors of one step than that."""
_SUMMARY_BYTES = 1_000_000
"""GitHub refuses a summary of 1 MiB."""


class GithubReporter:
    """Prints annotations as results come in, and writes the summary at the end, to `summary` where there is such a file."""

    def __init__(self, out: TextIO, summary: Path | None) -> None:
        self._out = out
        self._summary = summary
        self._results: list[Result] = []
        self._left = _ANNOTATIONS

    def tell(self, event: ReportEvent) -> None:
        if (found := result_of(event)) is not None:
            self._results.append(found)
            self._annotate(found)
        if isinstance(event, Ended) and self._summary is not None:
            with self._summary.open("a", encoding="utf-8") as file:
                file.write(_summary(self._results))

    def _annotate(self, result: Result) -> None:
        for problem in result.problems[: self._left]:
            self._left -= 1
            self._out.write(annotation(result, problem) + "\n")
        if result.state == "error":
            self._out.write(f"::error title={_property(result.name)}::{_data(result.text)}\n")
        # GitHub reads the log as it is written: an annotation is there while the others are still searched
        # for.
        self._out.flush()


def annotation(result: Result, problem: ResultProblem) -> str:
    """One workflow command: `::error file=…,line=…,title=…::…`."""
    where = problem.location
    at = f"file={_property(where.file)},line={where.line}," if where else ""
    title = _property(f"{result.name}: {problem.headline} ({problem.id})")
    text = "\n".join(filter(None, (problem.text, problem.advice)))
    return f"::error {at}title={title}::{_data(text)}"


def _summary(results: list[Result]) -> str:
    """The results as Markdown, within what GitHub takes."""
    lines = ["### agent-chaos", "", "| | result | where | what |", "| --- | --- | --- | --- |"]
    for result in results:
        lines.append(f"| | **{result.state}** | {_cell(result.name)} | {_cell(result.text)} |")
        for problem in result.problems:
            where = problem.location.place if problem.location else ""
            lines.append(f"| {_cell(problem.id)} | | {_cell(where)} | {_cell(problem.headline)} |")
    text = "\n".join(lines)
    # By halves: a summary that is over the limit is not cut by GitHub but left out.
    while len(text.encode(errors="replace")) > _SUMMARY_BYTES:
        lines = [*lines[: len(lines) // 2], "| | | | and more |"]
        text = "\n".join(lines)
    return text.encode(errors="replace").decode() + "\n\n"


# `@` and `#` too: a summary must mention nobody, and link to no issue.
_MARKUP = frozenset("\\`*_{}[]<>#|~&!@:")


def _cell(text: str) -> str:
    """Text in a table that neither ends the cell nor is taken for markup, a mention or a link."""
    return "".join(f"&#{ord(char)};" if char in _MARKUP else char for char in printable(text))


def _data(text: str) -> str:
    kept = "\n".join(printable(line) for line in text.splitlines())
    return kept.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(printable(text)).replace(":", "%3A").replace(",", "%2C")


def _opens(file: Path | None, view: View) -> Reporter:
    named = file or (Path(os.environ["GITHUB_STEP_SUMMARY"]) if "GITHUB_STEP_SUMMARY" in os.environ else None)
    if named is not None and named.is_dir():
        raise UsageError(f"{named}: is a folder; name a file for the summary")
    return GithubReporter(sys.stdout, named)


REPORTER = ReportFormat(
    name="github", does="annotations and a step summary, for GitHub Actions", opens=_opens, owns_stdout=False
)
