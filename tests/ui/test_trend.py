"""The campaigns of a scenario on the dashboard: the newest with its figures, the earlier ones below it."""

import html
import re

from starlette.testclient import TestClient

from agent_chaos.report.build_record import campaign_record
from agent_chaos.report.document import Document
from agent_chaos.ui.app import pages
from tests.report.refund_campaign import campaign


def test_the_newest_is_a_row_and_every_earlier_one_can_be_opened(tmp_path):
    for second in range(7):
        folder = tmp_path / f"20260101-00000{second}-refund"
        folder.mkdir()
        (folder / "campaign.json").write_text(
            Document(exit_code=1, campaigns=(campaign_record(campaign()),)).to_json()
        )
    client = TestClient(
        pages(tmp_path, tmp_path / "cassettes", host="testserver", port=80, token=""),
        base_url="http://testserver:80",
    )
    page = client.get("/").text
    linked = re.findall(r'href="/campaigns/([^"]+)"', page)

    assert linked == [f"20260101-00000{second}-refund" for second in reversed(range(7))]
    assert page.count("Replies that are cut short or empty are used as if they were whole") == 1
    assert "6 earlier" in page
    assert "2026-01-01 00:00:05" in page


def test_a_page_that_would_be_the_same_is_not_sent_again(tmp_path):
    folder = tmp_path / "20260101-000000-refund"
    folder.mkdir()
    client = TestClient(
        pages(tmp_path, tmp_path / "cassettes", host="testserver", port=80, token=""),
        base_url="http://testserver:80",
    )

    def asked_again(page):
        (again,) = re.findall(r'hx-get="([^"]+)" hx-trigger="every 3s"', page)
        return client.get(html.unescape(again))

    empty = client.get("/").text
    before = asked_again(empty)
    document = Document(exit_code=1, campaigns=(campaign_record(campaign()),))
    (folder / "campaign.json").write_text(document.to_json())
    after = asked_again(empty)

    assert before.status_code == 204
    assert after.status_code == 200
    assert asked_again(after.text).status_code == 204
