"""JUnit XML, as CI servers show it: a suite for each kind of result, a case for each scenario, stored failure or run."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree as ET

from agent_chaos.report.at_the_end import ResultsReporter
from agent_chaos.report.output import Output
from agent_chaos.report.reporter import Reporter, ReportFormat, View
from agent_chaos.report.result import Result, ResultProblem

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped (https://www.w3.org/TR/xml/#charsets)."""


class JunitReporter(ResultsReporter):
    """A finding is a case of its own, so that each is counted and tracked."""

    def _text(self, results: list[Result], exit_code: int) -> str:
        return junit(results)


def junit(results: Iterable[Result]) -> str:
    """The results as XML, ending in a newline."""
    cases: dict[str, list[ET.Element]] = {}
    for result in results:
        cases.setdefault(result.suite, []).extend(_cases(result))
    root = ET.Element("testsuites", name="agent-chaos")
    for suite, elements in cases.items():
        root.append(_suite(suite, elements))
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(name: str, cases: list[ET.Element]) -> ET.Element:
    counted = {
        tag: sum(case.find(tag) is not None for case in cases) for tag in ("failure", "error", "skipped")
    }
    seconds = sum(float(case.get("time", "0")) for case in cases)
    suite = ET.Element(
        "testsuite",
        name=_clean(f"agent-chaos {name}"),
        tests=str(len(cases)),
        failures=str(counted["failure"]),
        errors=str(counted["error"]),
        skipped=str(counted["skipped"]),
        time=f"{seconds:.3f}",
    )
    suite.extend(cases)
    return suite


def _cases(result: Result) -> list[ET.Element]:
    """A case for each problem; one for the result itself where it has none."""
    if result.problems:
        # The time is that of the whole search. CI servers add up the cases, so one alone may have it.
        shares = [result.seconds, *(0.0 for _ in result.problems[1:])]
        return [_failed(result, one, s) for one, s in zip(result.problems, shares, strict=True)]
    case = _case(result, _clean(result.name), result.seconds)
    if result.state == "skipped":
        # Nothing was judged, which no CI server has a word for; skipped is what does not count as passed.
        ET.SubElement(case, "skipped", message=_clean(result.text))
    elif result.state != "passed":
        # An `error`, not a `failure`: nothing is known about the agent here.
        ET.SubElement(case, "error", message=_clean(result.text), type="agent-chaos")
    return [case]


def _failed(result: Result, problem: ResultProblem, seconds: float) -> ET.Element:
    case = _case(result, _clean(f"{problem.id} {problem.headline}"), seconds)
    failure = ET.SubElement(case, "failure", message=_clean(problem.headline), type=_clean(problem.rule))
    where = [f"{problem.location.place} in {problem.location.function}"] if problem.location else []
    failure.text = _clean("\n".join([*where, problem.text, problem.advice]).strip())
    return case


def _case(result: Result, name: str, seconds: float) -> ET.Element:
    classname = _clean(f"agent_chaos.{result.suite}.{result.name}")
    return ET.Element("testcase", name=name, classname=classname, time=f"{seconds:.3f}")


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _opens(file: Path | None, view: View) -> Reporter:
    return JunitReporter(Output(file))


REPORTER = ReportFormat(name="junit", does="JUnit XML, for CI servers", opens=_opens)
