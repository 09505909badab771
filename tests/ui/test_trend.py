"""The campaigns of a scenario on the dashboard: the newest with their figures, the earlier ones a word each."""

import re

from starlette.testclient import TestClient

from agent_chaos.report.build_record import campaign_record
from agent_chaos.report.document import Document
from agent_chaos.ui.app import pages
from tests.report.refund_campaign import campaign


def test_the_newest_three_have_figures_and_every_one_can_be_opened(tmp_path):
    for second in range(7):
        folder = tmp_path / f"20260101-00000{second}-refund"
        folder.mkdir()
        (folder / "campaign.json").write_text(
            Document(exit_code=1, campaigns=(campaign_record(campaign()),)).to_json()
        )
    client = TestClient(
        pages(tmp_path, host="testserver", port=80, token=""), base_url="http://testserver:80"
    )
    page = client.get("/").text
    linked = re.findall(r'href="/campaigns/([^"]+)"', page)

    assert linked == [f"20260101-00000{second}-refund" for second in reversed(range(7))]
    assert page.count("tools run for real") == 3
