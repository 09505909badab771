"""One HTML file: it asks for nothing, holds any text as text, and shows what the terminal shows, in the same order."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from agent_chaos.faults.message.stopped_early import StoppedInText
from agent_chaos.faults.plan import Plan
from agent_chaos.report.build_record import campaign_record
from agent_chaos.report.contents.difference import pair
from agent_chaos.report.contents.facts import facts
from agent_chaos.report.document import CampaignRecord, Document, GridCell, Score, SurvivedKinds
from agent_chaos.report.event import Ended, Failed, SearchEnded
from agent_chaos.report.html import REPORTER
from agent_chaos.report.html.marks import marked
from agent_chaos.report.reporter import USUAL
from agent_chaos.search.campaign import LEFT_OUT, Covered
from agent_chaos.trace.trace import Trace
from agent_chaos.ui.app import pages
from tests.report.refund_campaign import BROKEN, CLEAN, VIOLATION, campaign, finding
from tests.report.test_terminal_report import HOSTILE, hostile_trace

SCRIPT = "<script>alert(1)</script><img src=http://evil.example/x onerror=alert(1)>"


class Tags(HTMLParser):
    """The tags of a page, with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def written(file: Path, *campaigns: CampaignRecord) -> Tags:
    reporter = REPORTER.opens(file, USUAL)
    for one in campaigns:
        reporter.tell(SearchEnded(campaign=one))
    reporter.tell(Failed(name="trip", error="two runs differ", exit_code=4))
    reporter.tell(Ended(exit_code=1))
    return Tags(file.read_text(encoding="utf-8"))


def test_the_page_asks_for_nothing(tmp_path: Path) -> None:
    page = written(
        tmp_path / "out.html", campaign_record(campaign()), campaign_record(campaign(scenario="support"))
    )
    addresses = [
        value for _, given in page.seen for name, value in given.items() if name in ("src", "href", "action")
    ]

    assert all(address and address.startswith("#") for address in addresses)
    assert {tag for tag, _ in page.seen} & {"link", "img", "iframe", "object", "form"} == set()
    assert "url(" not in page.text
    assert "two runs differ" in page.text


def test_the_only_script_that_may_run_is_the_one_of_the_page(tmp_path: Path) -> None:
    file = tmp_path / "out.html"
    page = written(file, campaign_record(campaign()))
    (policy,) = [given["content"] or "" for _, given in page.seen if "http-equiv" in given]
    (script,) = re.findall("<script>(.*?)</script>", file.read_text(encoding="utf-8"), re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()

    assert f"script-src 'sha256-{digest}';" in policy
    assert not re.search("fetch|XMLHttp|import|eval|innerHTML", script)


@pytest.mark.parametrize(
    ("label", "recorded", "as_run", "differs"),
    [
        ("reply", "200, 3,459 bytes, 0.91 s", "200, 3,044 bytes, 0.83 s", ("3,459 bytes, 0.91", "3,044 bytes, 0.83")),
        ("asks", '{"amount": 1500}', '{"amount": 15', ("00}", "")),
        ("tool call", "refund(amount=1500)", "refund(amount=15)", ("1500", "15")),
        ("bytes at 5", r"5\n\nevent: x", r"5\n\n (ends here)", ("event: x", " (ends here)")),
        ("text", "alike", "alike", ("", "")),
        ("text", None, "new", ("", "new")),
    ],
)  # fmt: skip
def test_what_differs_is_marked_by_the_word_and_where_one_ends_by_the_character(
    label: str, recorded: str | None, as_run: str, differs: tuple[str, str]
) -> None:
    made = pair(label, recorded or "", as_run).model_copy(
        update={} if recorded else {"recorded": None, "same": 0}
    )
    was, now = marked(made)

    assert (was.changed, now.changed) == differs
    assert was.before + was.changed + was.after == (recorded or "")
    assert now.before + now.changed + now.after == as_run


def test_every_link_leads_to_something_on_the_page(tmp_path: Path) -> None:
    page = written(
        tmp_path / "out.html", campaign_record(campaign()), campaign_record(campaign(scenario="support"))
    )
    ids = [given["id"] for _, given in page.seen if "id" in given]
    links = {(given["href"] or "").removeprefix("#") for tag, given in page.seen if tag == "a"}

    assert links <= set(ids)
    assert len(ids) == len(set(ids))


def test_text_of_models_tools_and_servers_stays_text(tmp_path: Path) -> None:
    words = {"subject": HOSTILE, "reason": SCRIPT, "advice": HOSTILE, "after": [SCRIPT]}
    found = finding(VIOLATION.model_copy(update=words), hostile_trace())
    page = written(
        tmp_path / "out.html", campaign_record(campaign(findings=(found,), first_error=SCRIPT), (SCRIPT,))
    )

    assert [tag for tag, _ in page.seen].count("script") == 1
    assert "img" not in {tag for tag, _ in page.seen}
    assert SCRIPT in page.text
    assert not re.search("[\x00-\x08\x1b\u202e]", page.text)


def test_a_number_and_its_sign_stay_in_one_line_of_the_page_and_code_is_as_it_was(tmp_path: Path) -> None:
    plan = Plan.of([("call 0", StoppedInText(reason="refusal", percent_lost=64))])
    made = campaign_record(campaign(findings=(finding(plan=plan),)))
    (found,) = made.findings
    code = found.fix.model_copy(update={"code": "left = 64 % 3"})
    page = written(
        tmp_path / "out.html",
        made.model_copy(update={"findings": (found.model_copy(update={"fix": code}),)}),
    )

    assert "(64\u00a0% lost)" in page.text
    assert "64 % lost" not in page.text
    assert "left = 64 % 3" in page.text


def test_the_page_shows_the_line_the_fix_the_plan_and_what_changed(tmp_path: Path) -> None:
    text = " ".join(written(tmp_path / "out.html", campaign_record(campaign())).text.split())

    for said in (
        "Replies that are cut short or empty are used as if they were whole",
        "/srv/agent/refund.py:54",
        "if stop not in",
        "the stream ends inside a number",
        'issue_refund(order_id="A-17", amount=15)',
        "(ends here)",
        "agent-chaos replay F-7Q2K",
    ):
        assert said in text


def test_the_page_ends_with_the_facts_that_the_terminal_ends_with(tmp_path: Path) -> None:
    record = campaign_record(campaign(interrupted=True, first_error="the cassette is damaged")).model_copy(
        update={
            "score": Score(survived=14, judged=22, undecided=3, low=0.43, high=0.8),
            "held": (SurvivedKinds(outcome="the same answer", kinds=("rate_limit",) * 30, examples=40),),
        }
    )
    # A number and its sign stay in one line there.
    page = written(tmp_path / "out.html", record).text.replace("\u00a0", " ")
    told = dict(facts(record, everything=True))

    assert {"Interrupted", "Harness", "Held", "Score", "Covered", "Undecided", "Also run"} <= set(told)
    # A long line folds what stands in its parentheses.
    parts = [
        part for text in told.values() for line in text.splitlines() for part in line.rstrip(")").split(" (")
    ]
    assert [part for part in parts if part not in page] == []


def test_kinds_of_fault_that_were_left_out_are_a_number_and_those_that_failed_stand_first(
    tmp_path: Path,
) -> None:
    record = campaign_record(campaign()).model_copy(
        update={
            "coverage": (
                Covered(kind="dns_error", family="connection", sites=6, examples=2),
                Covered(kind="tool_raise", family="tool_failure", why=LEFT_OUT),
            ),
            "struck": (
                GridCell(kind="bad_text", place="call 0", survived=1),
                GridCell(kind="truncate", place="call 0", failed=1),
            ),
        }
    )
    text = " ".join(written(tmp_path / "out.html", record).text.split())

    assert "1 kind more: left out by the selection." in text
    assert "tool raise" not in text
    assert 0 < text.index("truncate✗ 1") < text.index("bad text✓ 1")


@pytest.mark.parametrize("rows", [1, 60], ids=["short", "with rows left out, which have no time"])
def test_the_pages_of_the_ui_show_the_same(tmp_path: Path, rows: int) -> None:
    many = tuple(replace(CLEAN.calls[0], seq=100 + i, call=10 + i) for i in range(rows))
    made = campaign_record(
        campaign(findings=(finding(trace=Trace(BROKEN.plan, (*many, *BROKEN.entries), 9.0)),))
    )
    document = Document(exit_code=1, campaigns=(known_faults(made),))
    (tmp_path / "20260101-refund").mkdir()
    (tmp_path / "20260101-refund" / "campaign.json").write_text(document.to_json(), encoding="utf-8")
    client = TestClient(
        pages(tmp_path, tmp_path / "cassettes", host="127.0.0.1", port=8765, token="t0ken"),
        base_url="http://127.0.0.1:8765",
    )
    client.get("/", params={"token": "t0ken"})
    shown = client.get("/campaigns/20260101-refund")

    assert shown.status_code == 200
    assert "Replies that are cut short or empty are used as if they were whole" in shown.text
    assert "style=" not in shown.text


def known_faults(made: CampaignRecord) -> CampaignRecord:
    """The campaign with plans of faults that the catalogue knows, so that it reads back."""
    failures = tuple(
        one.model_copy(update={"failure": one.failure.model_copy(update={"plan": CLEAN.plan})})
        for one in made.failures
    )
    return made.model_copy(update={"failures": failures})
