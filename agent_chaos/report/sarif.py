"""SARIF 2.1.0, as code scanning shows it: findings at the lines of the agent's code.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from agent_chaos import __version__
from agent_chaos.report.at_the_end import ResultsReporter
from agent_chaos.report.contents.source import CodeLine
from agent_chaos.report.output import Output
from agent_chaos.report.reporter import Reporter, ReportFormat, View
from agent_chaos.report.result import Result, ResultProblem

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


class SarifReporter(ResultsReporter):
    """Writes the problems of the results."""

    def _text(self, results: list[Result], exit_code: int) -> str:
        return json.dumps(sarif(results, exit_code=exit_code), indent=2) + "\n"


def sarif(results: Iterable[Result], *, exit_code: int) -> dict[str, Any]:
    """The problems of the results as a SARIF log."""
    results = list(results)
    problems = [(result, problem) for result in results for problem in result.problems]
    rules = sorted({_text(problem.rule) for _, problem in problems})
    broken = [result for result in results if result.state == "error"]
    run = {
        "tool": {
            "driver": {
                "name": "agent-chaos",
                "version": __version__,
                "rules": [{"id": rule, "name": _pascal(rule)} for rule in rules],
            }
        },
        # What columns count in, which the schema wants to be said although no result here has one.
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not broken,
                "exitCode": exit_code,
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": _text(f"{one.name}: {one.text}")}}
                    for one in broken
                ],
            }
        ],
        "results": [_result(result, problem, rules) for result, problem in problems],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(result: Result, problem: ResultProblem, rules: list[str]) -> dict[str, Any]:
    said = "\n".join(filter(None, (problem.headline, problem.text, problem.advice)))
    found: dict[str, Any] = {
        "ruleId": _text(problem.rule),
        "ruleIndex": rules.index(_text(problem.rule)),
        "level": "error",
        "message": {"text": _text(said)},
        # By this GitHub knows a finding again after the lines around it moved.
        "partialFingerprints": {"agentChaosId/v1": _text(problem.id)},
        "properties": {"scenario": _text(result.name)},
    }
    if problem.location is not None:
        found["locations"] = [{"physicalLocation": _place(problem.location)}]
    return found


def _place(location: CodeLine) -> dict[str, Any]:
    # SARIF counts lines from 1; a place whose line is not known has 0.
    region: dict[str, Any] = {"startLine": max(1, location.line)}
    if location.source:
        region["snippet"] = {"text": _text(location.source)}
    absolute = PurePosixPath(location.file).is_absolute()
    uri = quote(location.file.encode(errors="surrogatepass"))
    # Relative to the checkout wherever it can be: code scanning places findings in pull requests by that
    # path.
    artifact = {"uri": f"file://{uri}"} if absolute else {"uri": uri, "uriBaseId": "%SRCROOT%"}
    return {"artifactLocation": artifact, "region": region}


def _pascal(rule: str) -> str:
    return "".join(word.capitalize() for word in rule.split("_"))


def _text(text: str) -> str:
    """Text that JSON in UTF-8 can hold: half of a surrogate pair is spelled out."""
    return text.encode("utf-8", "backslashreplace").decode()


def _opens(file: Path | None, view: View) -> Reporter:
    return SarifReporter(Output(file))


REPORTER = ReportFormat(name="sarif", does="SARIF 2.1.0, for code scanning", opens=_opens)
