"""The pages about recordings: what is read on them, and what files of others may hold."""

from __future__ import annotations

import re
import shutil
from html import unescape
from itertools import pairwise
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from agent_chaos.cassette.model import TurnMark
from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.commands.ui import ui
from agent_chaos.errors import UsageError
from agent_chaos.ui import cassette_pages, recorded
from tests.cassette.made import answering, asking, cassette_at, writer_at
from tests.forked import ROOT
from tests.ui.test_guard_of_pages import visitor
from tests.ui.visited import HOSTILE


def text_of(page: str) -> str:
    """What a page says, without its markup, on one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.partition("<main>")[2])).split())


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> TestClient:
    folder = tmp_path_factory.mktemp("shop")
    for name in ("refund", "careful_refund", "support"):
        shutil.copy(ROOT / "cassettes" / f"{name}.msgpack", folder / f"{name}.msgpack")
    (folder / "more").mkdir()
    shutil.copy(
        ROOT / "tests" / "migration" / "cassettes" / "shop-support.msgpack", folder / "more" / "shop.msgpack"
    )
    return visitor(folder, cassettes=folder)


def test_every_recording_is_listed_with_its_figures(shop):
    said = text_of(shop.get("/cassettes").text)

    assert "refund.msgpack refund 1 3 2 1,902" in said
    assert "support.msgpack support 2 4 3 1,515" in said
    assert "more/shop.msgpack" in said


def test_a_recording_reads_as_a_conversation_in_which_nothing_is_told_twice(shop):
    said = text_of(shop.get("/cassettes/refund.msgpack").text)
    told = [
        "I sent back my laptop, order A-17",
        "You are the refund desk",
        'asks for lookup_order {"order_id": "A-17"}',
        'lookup_order(order_id="A-17")',
        "I'm refunding the full price now.",
        'asks for refund {"order_id": "A-17", "amount": 1500}',
        "refunded $1,500 on order A-17",
        "It reaches your card within 3 days.",
    ]
    conversation = said.partition("What was redacted")[0]

    assert [conversation.index(one) for one in told] == sorted(conversation.index(one) for one in told)
    assert [conversation.count(one) for one in told[:-1]] == [1] * 7


def test_where_a_conversation_branches_its_calls_are_indented(shop):
    page = shop.get("/cassettes/more/shop.msgpack").text
    rows = re.findall(r'<li class="depth-(\d)"><a href="#call-(\d)">', page)

    assert rows == [(d, str(n)) for n, d in enumerate("0111111110")]


def test_a_call_shows_every_chunk_of_its_reply_with_the_time_since_the_one_before(shop):
    exchange = open_cassette(ROOT / "cassettes" / "refund.msgpack").exchanges[1]
    page = shop.get("/cassettes/refund.msgpack/calls/1").text
    times = [event.at for event in exchange.reply.events]
    rows = re.findall(r'<td class="number">([\d.]+) s</td><td class="number dim">\+?([\d.]*)</td>', page)

    assert [float(at) for at, _ in rows] == pytest.approx(times, abs=0.001)
    gaps = [float(gap) for _, gap in rows[1:]]
    assert gaps == pytest.approx([b - a for a, b in pairwise(times)], abs=0.001)
    assert '"partial_json":' in unescape(page)
    assert "POST https://api.anthropic.com/v1/messages" in text_of(page)


def test_what_was_redacted_is_told_by_where_it_stood(shop):
    said = text_of(shop.get("/cassettes/refund.msgpack").text)

    assert "the request's header authorization REDACTED 3" in said
    assert "no secret found" in said


def test_what_looks_like_a_secret_is_told_by_its_place(tmp_path, monkeypatch):
    writer = writer_at(tmp_path / "leaky.msgpack")
    writer.turn(TurnMark(0, 0.0, "Hello"))
    writer.exchange(asking("My door code is open-sesame-42."), answering(), at=0.1, transport="httpx2")
    writer.finish()
    # What the recording process did not know for a key, this one does.
    monkeypatch.setenv("DOOR_API_KEY", "open-sesame-42")
    said = text_of(visitor(tmp_path, cassettes=tmp_path).get("/cassettes/leaky.msgpack").text)

    assert "exchange 0: a secret in the request's body" in said
    assert "no secret found" not in said


def test_a_long_recording_is_not_looked_through_while_somebody_waits(tmp_path, monkeypatch):
    monkeypatch.setattr(cassette_pages, "_LOOKED_THROUGH", 3)
    cassette_at(tmp_path / "made.msgpack")
    said = text_of(visitor(tmp_path, cassettes=tmp_path).get("/cassettes/made.msgpack").text)

    assert "agent-chaos cassette verify made.msgpack" in said
    assert "no secret found" not in said


def test_two_recordings_stand_beside_each_other(shop):
    page = shop.get("/cassettes/diff", params={"before": "refund.msgpack", "after": "support.msgpack"}).text

    assert "assistant: I'll look up your order first." in re.findall(
        r'<mark class="was">(.*?)</mark>', unescape(page)
    )
    assert "user: I am not at home then. Can you move it to the next day?" in re.findall(
        r'<mark class="is">(.*?)</mark>', unescape(page)
    )
    same = shop.get("/cassettes/diff", params={"before": "refund.msgpack", "after": "careful_refund.msgpack"})
    assert "hold the same conversation" in text_of(same.text)


def test_lines_that_both_say_are_folded_around_a_difference(tmp_path):
    for name, last in (("old", "Goodbye"), ("new", "See you")):
        writer = writer_at(tmp_path / f"{name}.msgpack")
        for number in range(12):
            writer.exchange(asking(f"Question {number}"), answering(), at=number, transport="httpx2")
        writer.exchange(asking(last), answering(), at=20, transport="httpx2")
        writer.finish()
    address = "/cassettes/diff?before=old.msgpack&after=new.msgpack"
    page = visitor(tmp_path, cassettes=tmp_path).get(address).text

    assert "1 line in which they differ" in text_of(page)
    assert re.search(r"<summary>\d+ lines that both say</summary>", page)
    assert '<mark class="was">user: Goodbye</mark>' in page
    assert '<mark class="is">user: See you</mark>' in page


def test_a_long_recording_comes_in_parts(tmp_path, monkeypatch):
    monkeypatch.setattr(recorded, "CALLS_ON_A_PAGE", 3)
    writer = writer_at(tmp_path / "long.msgpack")
    for number in range(8):
        writer.exchange(asking(f"Question {number}"), answering(), at=number, transport="httpx2")
    writer.finish()
    client = visitor(tmp_path, cassettes=tmp_path)
    shown = [
        sorted(set(re.findall(r'id="call-(\d)"', client.get(f"/cassettes/long.msgpack?from={first}").text)))
        for first in (0, 3, 6)
    ]

    assert shown == [["0", "1", "2"], ["3", "4", "5"], ["6", "7"]]


def test_every_kind_of_record_has_its_place(tmp_path):
    cassette_at(tmp_path / "made.msgpack")
    client = visitor(tmp_path, cassettes=tmp_path)
    said = text_of(client.get("/cassettes/made.msgpack").text)

    for told in (
        "broke: reset: Connection reset",
        "no reply",
        "raised app.MailError: no such address",
        "notify([1, null])",
    ):
        assert told in said
    assert "broke: refused" in text_of(client.get("/cassettes/made.msgpack/calls/2").text)


def test_hostile_text_is_shown_and_is_no_markup(tmp_path):
    writer = writer_at(tmp_path / "hostile.msgpack")
    writer.turn(TurnMark(0, 0.0, HOSTILE))
    writer.exchange(asking(HOSTILE), answering(HOSTILE.encode()), at=0.1, transport="httpx2")
    writer.finish()
    client = visitor(tmp_path, cassettes=tmp_path)
    for address in ("/cassettes/hostile.msgpack", "/cassettes/hostile.msgpack/calls/0"):
        page = client.get(address).text

        assert "&lt;script&gt;document.title" in page
        assert "<script>document" not in page
        assert "<img" not in page
        assert "\x1b" not in page
        assert "\u202e" not in page


@pytest.mark.parametrize(
    "address",
    [
        "/cassettes/../outside.msgpack",
        "/cassettes/%2e%2e/outside.msgpack",
        "/cassettes/..%2foutside.msgpack",
        "/cassettes/link.msgpack",
        "/cassettes/diff?before=../outside.msgpack&after=made.msgpack",
        "/cassettes/none.msgpack",
        "/cassettes/made.txt",
        "/cassettes/made.msgpack/calls/99",
        pytest.param(f"/cassettes/made.msgpack/calls/{'9' * 5_000}", id="a number of 5,000 digits"),
        "/cassettes/diff?before=made.msgpack",
    ],
)
def test_what_is_no_cassette_of_the_folder_is_not_here(tmp_path, address):
    folder = tmp_path / "cassettes"
    folder.mkdir()
    cassette_at(tmp_path / "outside.msgpack")
    cassette_at(folder / "made.msgpack")
    (folder / "link.msgpack").symlink_to(tmp_path / "outside.msgpack")
    client = visitor(tmp_path, cassettes=folder)

    assert client.get(address).status_code == 404
    assert "link.msgpack" not in client.get("/cassettes").text


@pytest.mark.parametrize("name", ["a(1).msgpack", "t[gpt], é.msgpack"])
def test_a_recording_of_any_name_is_listed_and_opens(tmp_path, name):
    shutil.copy(ROOT / "cassettes" / "refund.msgpack", tmp_path / name)
    client = visitor(tmp_path, cassettes=tmp_path)

    assert name in text_of(client.get("/cassettes").text)
    assert client.get(f"/cassettes/{name}").status_code == 200


def test_a_damaged_cassette_is_told_with_what_to_do(tmp_path):
    cassette_at(tmp_path / "made.msgpack")
    whole = (tmp_path / "made.msgpack").read_bytes()
    (tmp_path / "made.msgpack").write_bytes(whole[:60] + b"\0\0\0\0" + whole[64:])
    client = visitor(tmp_path, cassettes=tmp_path)
    answer = client.get("/cassettes/made.msgpack")

    assert answer.status_code == 422
    assert "agent-chaos cassette repair" in text_of(answer.text)
    assert "is damaged" in text_of(client.get("/cassettes").text)


@pytest.mark.parametrize("first", ["-1", "x", "99999999999999999999", "²", "7"])
def test_a_page_that_no_recording_has_is_its_last_or_first(tmp_path, first):
    cassette_at(tmp_path / "made.msgpack")

    assert (
        visitor(tmp_path, cassettes=tmp_path).get(f"/cassettes/made.msgpack?from={first}").status_code == 200
    )


def test_without_recordings_the_page_says_how_to_make_one(tmp_path):
    said = text_of(visitor(tmp_path, cassettes=tmp_path / "none").get("/cassettes").text)

    assert "agent-chaos record" in said


def test_a_folder_without_runs_or_recordings_is_an_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(UsageError, match="there is no such folder"):
        ui(Path(".agent_chaos_runs"), Path("cassettes"), host="127.0.0.1", port=0)
