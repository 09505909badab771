"""Recordings of apps that are started elsewhere: the real SDK speaks to a server here, which speaks to the provider."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout

import anthropic
import httpx
import pytest

from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.commands.record_serve import record_serve
from agent_chaos.errors import RecordError, UsageError
from agent_chaos.faults.plan import Plan
from agent_chaos.patch.loopback.addresses import here
from agent_chaos.serve.service import Service
from agent_chaos.serve.sessions import Sessions
from tests.patch.raw_server import serving
from tests.standin.said import Said
from tests.standin.server import standin

KEY = "sk-ant-" + "test-0123456789abcdef"
SAID = Said("The order is on its way.")
ASKED = {"model": "claude-sonnet-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Where?"}]}


def said_by(server: str, provider: str) -> list[str]:
    """What the SDK reads through a server that stands before the provider: whole, and streamed."""
    client = anthropic.Anthropic(base_url=here(server, provider), api_key=KEY, max_retries=0)
    with client.messages.stream(**ASKED) as stream:
        streamed = stream.get_final_text()
    return [client.messages.create(**ASKED).content[0].text, streamed]


def recorded(path, ask, **how):
    """Runs the command while `ask` does what the app does, given the server's address; what was printed."""
    out = io.StringIO()

    def wait() -> None:
        ask(re.search(r"ANTHROPIC_BASE_URL=(http://[^/]+)", out.getvalue())[1])
        raise KeyboardInterrupt

    with redirect_stdout(out):
        record_serve(path, **{"mode": "once", "port": 0, "wait": wait, **how})
    return out.getvalue()


def test_what_an_app_asked_is_recorded_and_served_again_without_the_provider(tmp_path):
    path, live = tmp_path / "app.msgpack", []
    with standin(lambda asked: SAID) as provider:
        told = recorded(path, lambda server: live.extend(said_by(server, provider.url)))
    cassette = open_cassette(path)
    service = Service(Sessions(cassette, Plan()))
    again = said_by(service.url, provider.url)
    service.close()

    assert live == again == [SAID.text] * 2
    assert [one.protocol for one in cassette.exchanges] == ["anthropic_messages"] * 2
    assert max(len(one.reply.events) for one in cassette.exchanges) > 5
    assert KEY not in str(cassette.exchanges[0].request.headers)
    assert "2 calls, 824 tokens in" in told
    assert f"agent-chaos serve {path}" in told


def test_what_answers_for_no_model_passes_and_is_named(tmp_path):
    path = tmp_path / "app.msgpack"

    def app(server):
        assert httpx.get(f"{here(server, shop)}/stock").text == "12 left"
        said_by(server, provider.url)

    with serving(lambda got, wire: wire.whole(b"12 left")) as shop, standin(lambda asked: SAID) as provider:
        told = recorded(path, app)

    assert len(open_cassette(path).exchanges) == 2
    assert f"answer for no model: {shop.removeprefix('http://')}" in told


def test_a_provider_that_is_gone_is_a_broken_connection_to_the_app(tmp_path):
    with serving(lambda got, wire: None) as gone:
        pass

    def app(server):
        with pytest.raises(anthropic.APIConnectionError):
            said_by(server, gone)

    recorded(tmp_path / "app.msgpack", app)

    assert [one.reply.events[-1].kind for one in open_cassette(tmp_path / "app.msgpack").exchanges] == [
        "refused"
    ]


def test_an_earlier_recording_stays_unless_it_is_to_be_made_afresh(tmp_path):
    path = tmp_path / "app.msgpack"
    path.write_bytes(b"earlier")
    with pytest.raises(UsageError, match="is there already; --record-mode all"):
        record_serve(path, mode="once", port=0)
    with pytest.raises(RecordError, match="nothing was recorded: no request came"):
        recorded(path, lambda server: None, mode="all")

    assert path.read_bytes() == b"earlier"


def test_a_port_that_is_taken_leaves_nothing_behind(tmp_path):
    def app(server):
        with pytest.raises(UsageError, match="cannot be listened on"):
            record_serve(tmp_path / "b.msgpack", mode="once", port=int(server.rpartition(":")[2]))

    with pytest.raises(RecordError):
        recorded(tmp_path / "a.msgpack", app)

    assert list(tmp_path.iterdir()) == []
