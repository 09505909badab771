"""Reports for CI servers: they hold any text, point at the agent's lines, and change no verdict."""

from __future__ import annotations

import io
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from agent_chaos.errors import UsageError
from agent_chaos.report import github
from agent_chaos.report.build_record import campaign_record
from agent_chaos.report.contents.source import CodeLine
from agent_chaos.report.event import AnyEvent, Ended, Failed, ReportEvent, SearchEnded, Searching, Started
from agent_chaos.report.junit import junit
from agent_chaos.report.ndjson import NdjsonReporter
from agent_chaos.report.open_reports import open_reports, report_formats
from agent_chaos.report.reporter import USUAL
from agent_chaos.report.result import Result, ResultProblem
from agent_chaos.report.sarif import sarif
from agent_chaos.report.several import Several
from tests.report.refund_campaign import campaign

CAMPAIGN = campaign_record(campaign())
EVENTS: tuple[ReportEvent, ...] = (
    Started(command="fuzz"),
    SearchEnded(campaign=CAMPAIGN),
    Failed(name="trip", error="two runs differ", exit_code=4),
    Ended(exit_code=1),
)
SCHEMAS = Path(__file__).parent / "schemas"
JUNIT = xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd")
SARIF = jsonschema.Draft4Validator(
    json.loads((SCHEMAS / "sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8")),
    format_checker=jsonschema.FormatChecker(),
)
text = st.text(st.characters(exclude_categories=()), max_size=40)
problems = st.builds(
    ResultProblem,
    rule=text,
    id=text,
    headline=text,
    text=text,
    advice=text,
    location=st.none()
    | st.builds(CodeLine, file=text, line=st.integers(1, 10**6), function=text, source=text),
)
results = st.lists(
    st.builds(
        Result,
        suite=text,
        name=text,
        state=st.sampled_from(["passed", "failed", "skipped", "error"]),
        seconds=st.floats(0, 1e6),
        text=text,
        problems=st.lists(problems, max_size=2).map(tuple),
    ),
    max_size=3,
)


def told(name: str, file: Path) -> str:
    reporter = report_formats()[name].opens(file, USUAL)
    for event in EVENTS:
        reporter.tell(event)
    return file.read_text()


@settings(max_examples=60, deadline=None)
@given(results)
def test_junit_fits_its_schema_and_its_counts_add_up_whatever_it_holds(found: list[Result]) -> None:
    JUNIT.validate(junit(found))
    root = ET.fromstring(junit(found).encode("utf-8"))
    cases = root.findall("testsuite/testcase")

    assert len(cases) == sum(max(1, len(one.problems)) for one in found)
    assert sum(int(suite.get("tests", "")) for suite in root) == len(cases)
    assert sum(int(suite.get("failures", "")) for suite in root) == sum(len(one.problems) for one in found)


def test_junit_has_a_case_for_each_finding_and_an_error_for_what_did_not_run(tmp_path: Path) -> None:
    written = told("junit", tmp_path / "out.xml")
    JUNIT.validate(written)
    root = ET.fromstring(written.encode())
    (failure,) = root.findall(".//failure")
    (error,) = root.findall(".//error")

    assert failure.get("type") == "unfinished_tool_call"
    assert "/srv/agent/refund.py:54 in agent" in (failure.text or "")
    assert "agent-chaos replay F-7Q2K" in (failure.text or "")
    assert error.get("message") == "two runs differ"


@settings(max_examples=40, deadline=None)
@given(results)
def test_sarif_fits_its_schema_in_utf8_whatever_it_holds(found: list[Result]) -> None:
    document = json.loads(json.dumps(sarif(found, exit_code=1), ensure_ascii=False).encode("utf-8"))
    SARIF.validate(document)
    (run,) = document["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]

    assert len(run["results"]) == sum(len(one.problems) for one in found)
    assert all(one["ruleId"] == rules[one["ruleIndex"]] for one in run["results"])


def test_sarif_points_at_the_line_of_the_agent(tmp_path: Path) -> None:
    document = json.loads(told("sarif", tmp_path / "out.sarif"))
    SARIF.validate(document)
    (run,) = document["runs"]
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]

    assert place["artifactLocation"]["uri"] == "file:///srv/agent/refund.py"
    assert place["region"]["startLine"] == 54
    assert run["invocations"][0]["executionSuccessful"] is False


@settings(max_examples=60, deadline=None)
@given(results)
def test_an_annotation_is_one_workflow_command_whatever_it_holds(found: list[Result]) -> None:
    for result in found:
        for problem in result.problems:
            line = github.annotation(result, problem)

            assert len(line.splitlines()) == 1
            assert line.count("::") == 2 or "::" in problem.text + problem.advice


def test_github_gets_annotations_and_a_summary(tmp_path: Path) -> None:
    out = io.StringIO()
    reporter = github.GithubReporter(out, tmp_path / "summary.md")
    for event in EVENTS:
        reporter.tell(event)

    assert "::error file=/srv/agent/refund.py,line=54,title=refund%3A Replies" in out.getvalue()
    assert "::error title=trip::two runs differ" in out.getvalue()
    assert "F-7Q2K" in (tmp_path / "summary.md").read_text().replace("&#45;", "-")


def test_a_summary_stays_within_what_github_takes() -> None:
    many = [Result("fuzz", "x" * 2_000, "failed", text="y" * 2_000) for _ in range(1_000)]

    assert len(github._summary(many).encode()) < 1_048_576


def test_events_are_lines_that_fit_their_schema_and_read_back() -> None:
    out = io.StringIO()
    reporter = NdjsonReporter(out)
    for event in EVENTS:
        reporter.tell(event)
    adapter: TypeAdapter[ReportEvent] = TypeAdapter(AnyEvent)
    lines = out.getvalue().splitlines()

    assert [json.loads(line)["kind"] for line in lines] == ["started", "search_ended", "failed", "ended"]
    for line in lines:
        jsonschema.validate(json.loads(line), adapter.json_schema(mode="serialization"))
    assert adapter.validate_json(lines[2]) == EVENTS[2]


def test_half_a_character_is_a_line_like_any_other() -> None:
    out = io.StringIO()
    NdjsonReporter(out).tell(Failed(name="trip", error="it said \ud83d", exit_code=5))

    assert json.loads(out.getvalue().encode())["error"] == "it said \ud83d"


def test_progress_is_told_once_a_second_at_most() -> None:
    out = io.StringIO()
    reporter = NdjsonReporter(out)
    for tenth in range(31):
        reporter.tell(
            Searching(scenario="x", phase="search", done=tenth, total=31, failures=0, seconds=tenth / 10)
        )

    assert len(out.getvalue().splitlines()) == 3


def test_a_reporter_that_fails_is_a_warning_and_the_others_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken:
        def tell(self, event: ReportEvent) -> None:
            raise RuntimeError("no \x1b[2J disk")

    both = Several([Broken(), report_formats()["json"].opens(tmp_path / "out.json", USUAL)])
    for event in EVENTS:
        both.tell(event)

    said = capsys.readouterr().err
    assert said.count("warning: Broken failed and is left out: RuntimeError: no \\x1b[2J disk") == 1
    assert json.loads((tmp_path / "out.json").read_text())["exit_code"] == 1


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (["junnit:x.xml"], "did you mean junit?"),
        (["pdf"], f"known are {', '.join(sorted(report_formats()))}"),
        (["json", "junit"], "both would write to stdout"),
    ],
)
def test_a_report_that_cannot_be_is_a_usage_error(asked: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words.replace("?", r"\?")):
        open_reports(asked, USUAL)


def test_a_report_on_stdout_stands_there_alone(capsys: pytest.CaptureFixture[str]) -> None:
    reports = open_reports(["json"], USUAL)
    for event in EVENTS:
        reports.tell(event)

    assert json.loads(capsys.readouterr().out)["exit_code"] == 1
