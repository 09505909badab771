"""The JSON that programs read: versioned, whole or not there at all."""

import json
from pathlib import Path

import pytest

from agent_chaos.errors import UsageError
from agent_chaos.faults.plan import Plan
from agent_chaos.faults.transport.truncate import Truncate
from agent_chaos.report.build_record import campaign_record
from agent_chaos.report.document import Document
from agent_chaos.report.event import Ended, Failed, ReportEvent, SearchEnded
from agent_chaos.report.json import REPORTER
from agent_chaos.report.reporter import USUAL
from tests.report.refund_campaign import campaign, finding


def written(path: Path, *events: ReportEvent) -> dict[str, object]:
    reporter = REPORTER.opens(path, USUAL)
    for event in events:
        reporter.tell(event)
    document: dict[str, object] = json.loads(path.read_text())
    return document


def test_the_document_holds_figures_failures_and_stopped_scenarios(tmp_path: Path) -> None:
    document = written(
        tmp_path / "deep" / "out.json",
        SearchEnded(campaign=campaign_record(campaign(), ("file: out.txt",))),
        Failed(name="trip", error="two runs differ", exit_code=4),
        Ended(exit_code=1),
    )

    assert (document["format"], document["version"], document["exit_code"]) == ("agent-chaos campaigns", 1, 1)
    assert document["stopped"] == [{"scenario": "trip", "error": "two runs differ", "exit_code": 4}]
    (made,) = document["campaigns"]  # type: ignore[misc]
    assert made["summary"].startswith("200 examples: 171 ok, 3 failed")
    assert made["failures"][0]["failure"]["id"] == "F-7Q2K"
    assert made["failures"][0]["timeline"][2]["mark"] == "fault"
    assert made["notes"] == ["file: out.txt"]


def test_an_earlier_document_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    path.write_text("earlier")
    REPORTER.opens(path, USUAL).tell(SearchEnded(campaign=campaign_record(campaign())))

    assert path.read_text() == "earlier"
    assert [file.name for file in tmp_path.iterdir()] == ["out.json"]


def test_a_path_that_cannot_be_written_is_refused_before_the_search(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        REPORTER.opens(tmp_path, USUAL)


def test_the_document_reads_back_as_it_was_made(tmp_path: Path) -> None:
    plan = Plan.of([("call 1", Truncate(boundary="mid_number", offset=0))])
    made = campaign_record(campaign(findings=(finding(plan=plan),)))
    written(tmp_path / "out.json", SearchEnded(campaign=made), Ended(exit_code=1))

    (read,) = Document.model_validate_json((tmp_path / "out.json").read_text()).campaigns
    assert read == made
