"""Who gets a page, what a page may do, and what a folder of runs may hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from agent_chaos.commands.ui import ui
from agent_chaos.errors import UsageError
from agent_chaos.report.html.inert import inert
from agent_chaos.ui.app import pages

HOME = "http://127.0.0.1:8765"


def visitor(folder: Path, token: str = "t0ken", *, cassettes: Path = Path("cassettes")) -> TestClient:
    app = pages(folder, cassettes, host="127.0.0.1", port=8765, token="t0ken")
    client = TestClient(app, base_url=HOME, follow_redirects=True)
    if token:
        client.get("/", params={"token": token})
    return client


def test_the_token_opens_the_pages_and_stays_out_of_the_address(tmp_path):
    client = visitor(tmp_path, token="")
    entered = client.get("/?token=t0ken")
    cookie = entered.history[0].headers["set-cookie"].lower()

    assert entered.status_code == 200
    assert str(entered.url) == f"{HOME}/"
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


@pytest.mark.parametrize("address", ["/", "/?token=other", "/?token=", "/static/report.css", "/runs/a/b"])
def test_nothing_is_given_without_the_token(tmp_path, address):
    refused = visitor(tmp_path, token="").get(address)

    assert refused.status_code == 403
    assert "agent-chaos ui" in refused.text


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8765", "127.0.0.1.evil.example:8765", ""])
def test_names_that_were_pointed_here_are_refused(tmp_path, host):
    assert visitor(tmp_path).get("/", headers={"host": host}).status_code == 400


@pytest.mark.parametrize(
    ("origin", "status"),
    [(HOME, 200), ("http://evil.example", 403), ("null", 403), ("http://127.0.0.1:1", 403)],
)
def test_requests_of_other_sites_are_refused(tmp_path, origin, status):
    assert visitor(tmp_path).get("/", headers={"origin": origin}).status_code == status


def test_there_is_nothing_to_change(tmp_path):
    assert visitor(tmp_path).post("/").status_code == 405


@pytest.mark.parametrize("address", ["/", "/nothing", "/static/report.css"])
def test_every_answer_forbids_what_pages_do_not_need(tmp_path, address):
    headers = visitor(tmp_path).get(address).headers
    policy = headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "address",
    [
        "/runs/../secret",
        "/runs/%2e%2e/secret",
        "/runs/..%2f..%2fetc/passwd",
        "/campaigns/%2e%2e",
        "/static/../app.py",
    ],
)
def test_nothing_outside_of_the_folder_is_read(tmp_path, address):
    runs = tmp_path / "runs"
    runs.mkdir()
    for name in ("report.json", "campaign.json"):
        (tmp_path / name).write_text('{"scenario_name": "stolen"}')
    answer = visitor(runs).get(address)

    assert answer.status_code == 404
    assert "stolen" not in answer.text


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "report.json").write_text('{"scenario_name": "stolen"}')
    runs = tmp_path / "runs"
    (runs / "b").mkdir(parents=True)
    (runs / "b" / "link").symlink_to(tmp_path / "outside")
    client = visitor(runs)

    assert client.get("/runs/b/link").status_code == 404
    assert "stolen" not in client.get("/").text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"scenario_name": "half', "is not whole: the run may still be going on"),
        ("[]", "holds no report"),
        ('{"scenario_name": "other"}', "is not a report of this version"),
        ("[" * 100_000, "is not whole"),
    ],
    ids=["half", "list", "other", "deep"],
)
def test_a_run_that_cannot_be_read_is_listed_with_the_reason(tmp_path, text, words):
    (tmp_path / "20260101-000000-run" / "shop-1a").mkdir(parents=True)
    (tmp_path / "20260101-000000-run" / "shop-1a" / "report.json").write_text(text)
    client = visitor(tmp_path)
    page = client.get("/")

    assert page.status_code == 200
    assert words in page.text
    assert client.get("/runs/20260101-000000-run/shop-1a").status_code in (200, 404)


def test_a_report_with_fields_of_other_types_is_a_page_all_the_same(tmp_path):
    folder = tmp_path / "r" / "x"
    folder.mkdir(parents=True)
    odd = {
        "scenario_name": 7,
        "conversation": "no",
        "turn_results": [3],
        "metrics": [],
        "violations": [[]],
        "meta": None,
    }
    (folder / "report.json").write_text(json.dumps(odd))

    assert visitor(tmp_path).get("/runs/r/x").status_code == 200


def test_an_empty_folder_says_what_fills_it(tmp_path):
    assert "agent-chaos run" in visitor(tmp_path).get("/").text


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(UsageError, match="there is no such folder"):
        ui(tmp_path / "none", host="127.0.0.1", port=0)


def test_acting_characters_are_shown_by_their_numbers():
    assert inert("a\x1b[2J\u202eb\ud800\n\tc") == "a⟨U+001B⟩[2J⟨U+202E⟩b⟨U+D800⟩\n\tc"


@pytest.mark.parametrize(
    ("measured", "shown"),
    [
        (30.367957514, "30.368"),
        (0.00042, "0.00042"),
        (2, "2"),
        (True, "true"),
        (None, "null"),
        ("1.23456", "1.23456"),
    ],
)
def test_what_an_assertion_measured_is_shown_without_digits_that_say_nothing(tmp_path, measured, shown):
    run = tmp_path / "20260101-000000-run" / "desk-1"
    run.mkdir(parents=True)
    asserted = [{"name": "within", "passed": True, "measured": measured, "expected": 60}]
    (run / "report.json").write_text(json.dumps({"scenario_name": "desk", "assertion_results": asserted}))
    page = visitor(tmp_path).get("/runs/20260101-000000-run/desk-1")

    assert page.status_code == 200
    assert f"within</td><td>{shown}</td><td>60</td>" in page.text
