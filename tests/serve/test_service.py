"""A recording served over a real socket, to the real SDK: its replies, faults, sessions, and its own small API."""

from __future__ import annotations

import io
import ssl
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import anthropic
import httpx
import pytest

from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.cli import run_command
from agent_chaos.commands.serve import serve
from agent_chaos.faults.plan import Plan
from agent_chaos.faults.transport.broken_bodies import ResetInBody
from agent_chaos.faults.transport.rate_limits import RateLimit
from agent_chaos.faults.transport.truncate import Truncate
from agent_chaos.patch.loopback.addresses import here
from agent_chaos.providers.registry import recognise
from agent_chaos.serve.authority import Authority
from agent_chaos.serve.service import Service
from agent_chaos.serve.sessions import HEADER, Sessions

ROOT = Path(__file__).resolve().parents[2]
CASSETTE = ROOT / "cassettes" / "refund.msgpack"
LIMITED = Plan.of([("call 0", RateLimit(retry_after_s=7))])


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service(Sessions(open_cassette(CASSETTE), Plan()))
    yield made
    made.close()


def asked(service: Service, number: int = 0, session: str = "") -> httpx.Response:
    """The recorded request, sent again as its client would."""
    request = open_cassette(CASSETTE).exchanges[number].request
    headers = {
        name: value for name, value in request.headers if name.lower() not in ("host", "content-length")
    }
    return httpx.post(
        here(service.url, request.url), content=request.body, headers={**headers, HEADER: session}
    )


def test_a_reply_is_the_recorded_one_byte_for_byte(service):
    recorded = open_cassette(CASSETTE).exchanges[0].reply
    found = asked(service)

    assert (found.status_code, found.content) == (recorded.status, recorded.body)


def test_the_sdk_reads_what_is_served_from_its_base_url(service):
    exchange = open_cassette(CASSETTE).exchanges[0]
    client = anthropic.Anthropic(
        base_url=here(service.url, "https://api.anthropic.com"), api_key="any", max_retries=0
    )
    with client.messages.stream(
        **{k: v for k, v in exchange.request.json.items() if k != "stream"}
    ) as stream:
        message = stream.get_final_message()
    expected = recognise(exchange.request).parse(exchange.reply)

    assert [block.name for block in message.content if block.type == "tool_use"] == [
        call.name for call in expected.tool_calls
    ]


def test_a_plan_strikes_one_session_and_no_other(service):
    planned = httpx.post(f"{service.url}/-/plan?session=one", json=LIMITED.as_dict())
    first, second, other = (
        asked(service, session="one"),
        asked(service, session="one"),
        asked(service, session="two"),
    )
    calls = httpx.get(f"{service.url}/-/calls?session=one").json()["calls"]

    assert planned.status_code == 200
    assert [reply.status_code for reply in (first, second, other)] == [429, 200, 200]
    assert first.headers["retry-after"] == "7"
    assert [call["fired"] for call in calls] == [["rate_limit"], []]


def test_a_session_that_is_reset_begins_again(service):
    httpx.post(f"{service.url}/-/plan", json=LIMITED.as_dict())
    statuses = [asked(service).status_code, asked(service).status_code]
    httpx.post(f"{service.url}/-/plan", json=LIMITED.as_dict())

    assert [*statuses, asked(service).status_code] == [429, 200, 429]
    httpx.post(f"{service.url}/-/reset")
    assert asked(service).status_code == 200


def test_what_was_never_recorded_is_told(service):
    found = httpx.post(here(service.url, "https://api.anthropic.com/v1/other"), json={"a": 1})

    assert found.status_code == 404
    assert "POST https://api.anthropic.com/v1/other was not recorded" in found.text


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/-/plan", b"[]", 400),
        ("POST", "/-/plan", b'{"faults": [{"site": "call 0", "fault": {"kind": "nothing"}}]}', 400),
        ("GET", "/nowhere", b"", 404),
    ],
)
def test_what_the_server_does_not_understand_is_refused_in_words(service, method, path, body, status):
    found = httpx.request(method, f"{service.url}{path}", content=body)

    assert found.status_code == status
    assert found.json()["error"]


def test_a_cut_stream_is_cut_on_the_socket():
    plan = Plan.of([("call 1", Truncate(boundary="mid_number", offset=0))])
    service = Service(Sessions(open_cassette(CASSETTE), plan))
    whole = open_cassette(CASSETTE).exchanges[1].reply.body
    cut = asked(service, 1).content
    service.close()

    assert whole.startswith(cut)
    assert 0 < len(cut) < len(whole)


def test_the_command_prints_what_to_set_and_serves_until_it_is_stopped():
    said = io.StringIO()
    statuses = []

    def wait() -> None:
        server = said.getvalue().split("ANTHROPIC_BASE_URL=")[1].split("/https")[0]
        statuses.append(httpx.get(f"{server}/-/calls").status_code)

    with redirect_stdout(said):
        code = serve(CASSETTE, plan="", port=0, speed=0.0, wait=wait)

    assert (code, statuses) == (0, [200])
    assert "export ANTHROPIC_BASE_URL=http://127.0.0.1:" in said.getvalue()
    assert "OPENAI" not in said.getvalue()


def test_a_plan_that_is_none_is_one_line(capsys):
    assert run_command(["serve", str(CASSETTE), "--plan", "nothing.txt"]) == 2
    assert "nothing.txt" in capsys.readouterr().err


@pytest.fixture
def proxy(tmp_path) -> Iterator[tuple[Service, ssl.SSLContext]]:
    """A server that ends TLS, and what makes a client trust it."""
    authority = Authority()
    authority.write(tmp_path / "authority.pem")
    made = Service(Sessions(open_cassette(CASSETTE), LIMITED), tls=authority.context)
    yield made, ssl.create_default_context(cafile=str(tmp_path / "authority.pem"))
    made.close()


def through(service: Service, trust: ssl.SSLContext, session: str) -> httpx.Response:
    """The first request to the host that it was recorded from, through the server as a proxy."""
    request = open_cassette(CASSETTE).exchanges[0].request
    headers = {name: value for name, value in request.headers if name.lower() != "content-length"}
    with httpx.Client(proxy=service.url, verify=trust) as client:
        return client.post(request.url, content=request.body, headers={**headers, HEADER: session})


def test_a_client_that_keeps_its_base_url_is_served_through_a_proxy_that_ends_tls(proxy):
    service, trust = proxy
    recorded = open_cassette(CASSETTE).exchanges[0].reply
    httpx.post(f"{service.url}/-/plan?session=clean", json={})
    found = through(service, trust, "clean")

    assert (found.status_code, found.content) == (recorded.status, recorded.body)
    assert through(service, trust, "").status_code == 429
    assert through(service, trust, "").status_code == 200


def test_a_reply_that_breaks_off_does_so_within_tls(proxy):
    service, trust = proxy
    broken = Plan.of([("call 0", ResetInBody(boundary="mid_text", offset=0))])
    httpx.post(f"{service.url}/-/plan?session=cut", json=broken.as_dict())
    with pytest.raises(httpx.TransportError):
        through(service, trust, "cut")


def test_without_an_authority_nothing_is_connected_to(service, proxy):
    _, trust = proxy
    with pytest.raises(httpx.ProxyError):
        through(service, trust, "")


def test_the_command_says_whom_to_trust(tmp_path):
    told = io.StringIO()
    with redirect_stdout(told):
        serve(CASSETTE, plan="", port=0, speed=0.0, tls=tmp_path / "authority.pem", wait=lambda: None)

    assert f"export SSL_CERT_FILE={tmp_path / 'authority.pem'}" in told.getvalue()
    assert (tmp_path / "authority.pem").read_text().startswith("-----BEGIN CERTIFICATE-----")
