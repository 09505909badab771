"""The JSON that programs read: versioned, whole or not there at all."""

import json
from pathlib import Path

import pytest

from agent_chaos.errors import UnstableError, UsageError
from agent_chaos.report.document import Document
from agent_chaos.report.json import JsonReporter
from tests.report.refund_campaign import campaign, finding


def written(path: Path) -> dict[str, object]:
    reporter = JsonReporter(path)
    reporter.start("refund", max_examples=200, seed=0)
    reporter.finish(campaign(), ("file: out.txt",))
    reporter.stop("trip", UnstableError("two runs differ"))
    reporter.close(1)
    document: dict[str, object] = json.loads(path.read_text())
    return document


def test_the_document_holds_figures_failures_and_stopped_scenarios(tmp_path: Path) -> None:
    document = written(tmp_path / "deep" / "out.json")

    assert (document["format"], document["version"], document["exit_code"]) == ("agent-chaos campaigns", 1, 1)
    assert document["stopped"] == [{"scenario": "trip", "error": "two runs differ", "exit_code": 4}]
    (made,) = document["campaigns"]  # type: ignore[misc]
    assert made["summary"].startswith("200 examples: 171 ok, 3 failures (2 distinct)")
    assert made["failures"][0]["failure"]["id"] == "F-7Q2K"
    assert made["failures"][0]["timeline"][2]["mark"] == "fault"
    assert made["notes"] == ["file: out.txt"]


def test_an_earlier_document_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    path.write_text("earlier")
    JsonReporter(path).finish(campaign(findings=(finding(),)))

    assert path.read_text() == "earlier"
    assert [file.name for file in tmp_path.iterdir()] == ["out.json"]


def test_a_path_that_cannot_be_written_is_refused_before_the_search(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        JsonReporter(tmp_path)


def test_the_document_reads_back_without_failures(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    reporter = JsonReporter(path)
    reporter.finish(campaign(findings=()))
    reporter.close(0)

    assert Document.model_validate_json(path.read_text()).exit_code == 0
