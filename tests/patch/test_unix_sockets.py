"""A model behind a Unix socket is replayed as one behind a port is."""

import http.client
import json
import socket

import aiohttp
import anthropic
import httpx2
import pytest

from tests.trials import claude_says, recorded, scenario, trial

ASKED = {"model": "claude-sonnet-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hello."}]}
NOBODY = "/nobody/listens.sock"


def by_httpx(ctx, text):
    transport = httpx2.HTTPTransport(uds=NOBODY)
    client = anthropic.Anthropic(http_client=anthropic.DefaultHttpxClient(transport=transport))
    return client.messages.create(**ASKED).content[0].text


async def by_aiohttp(ctx, text):
    url = "http://api.anthropic.com/v1/messages"
    async with (
        aiohttp.ClientSession(connector=aiohttp.UnixConnector(NOBODY)) as session,
        session.post(url, json=ASKED) as reply,
    ):
        return (await reply.json())["content"][0]["text"]


class UnixConnection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(NOBODY)


def by_http_client(ctx, text):
    connection = UnixConnection("api.anthropic.com")
    connection.request("POST", "/v1/messages", json.dumps(ASKED), {"content-type": "application/json"})
    return json.loads(connection.getresponse().read())["content"][0]["text"]


@pytest.mark.parametrize("agent", [by_httpx, by_aiohttp, by_http_client])
def test_a_client_of_a_unix_socket_is_answered_from_the_recording(agent):
    one = scenario(agent)
    trace = trial(one, recorded(one, [claude_says("Hi.")]))

    assert trace.answers[0].text == "Hi."
    assert trace.incidents == ()


def test_any_other_unix_socket_is_refused_and_named():
    def agent(ctx, text):
        with socket.socket(socket.AF_UNIX) as tool:
            tool.connect(NOBODY)

    one = scenario(agent)
    trace = trial(one, recorded(scenario(lambda ctx, text: "x"), []))

    assert [incident.detail for incident in trace.incidents_of("refused")] == [NOBODY]
