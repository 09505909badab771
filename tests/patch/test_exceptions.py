"""A replayed failure raises what the same failure raises on a real socket, stack by stack, sync and async."""

import asyncio
import http.client
import socket
import threading
import urllib.request
from collections.abc import Callable
from urllib.parse import urlsplit

import aiohttp
import httpx
import httpx2
import pytest
import requests
import urllib3

from agent_chaos.stream.exchange import Abort, Data, Head, Reply
from tests.trials import recorded, scenario, trial

URL = "http://127.0.0.1:{port}/v1/messages"
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n"
PART = b"5\r\nhello\r\n"


def hang_up(connection: socket.socket) -> None:
    connection.close()


def cut_in_body(connection: socket.socket) -> None:
    connection.sendall(HEAD + PART)
    connection.close()


def garbage(connection: socket.socket) -> None:
    connection.sendall(b"ILLEGAL STATUS LINE\r\n\r\n")
    connection.close()


def lying_encoding(connection: socket.socket) -> None:
    body = b"not gzip at all"
    fields = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(body)
    connection.sendall(fields + body)
    connection.close()


class Server:
    """Accepts one connection at a time on loopback, reads the request, and misbehaves."""

    def __init__(self, behave: Callable[[socket.socket], None]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._behave = behave
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            while b"\r\n\r\n" not in connection.recv(65_536):
                continue
            self._behave(connection)

    def close(self) -> None:
        self._listener.close()


def with_client(module):
    def get(url: str) -> str:
        with module.Client() as client, client.stream("GET", url) as response:
            return b"".join(response.iter_bytes()).decode()

    return get


def with_async_client(module):
    async def get(url: str) -> str:
        async with module.AsyncClient() as client, client.stream("GET", url) as response:
            return b"".join([part async for part in response.aiter_bytes()]).decode()

    return get


async def with_aiohttp(url: str) -> str:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return await response.text()


def with_requests(url: str) -> str:
    return requests.get(url, timeout=60).text


def with_urllib3(url: str) -> str:
    return urllib3.PoolManager().request("GET", url, retries=False, timeout=60).data.decode()


def with_urllib(url: str) -> str:
    with urllib.request.urlopen(url, timeout=60) as response:
        return response.read().decode()


def with_http_client(url: str) -> str:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.request("GET", urlsplit(url).path)
    return connection.getresponse().read().decode()


STACKS = {
    "requests": with_requests,
    "urllib3": with_urllib3,
    "urllib": with_urllib,
    "http.client": with_http_client,
    "httpx2": with_client(httpx2),
    "httpx2-async": with_async_client(httpx2),
    "httpx": with_client(httpx),
    "httpx-async": with_async_client(httpx),
    "aiohttp": with_aiohttp,
}

HEADED = Head(200, (("content-type", "text/plain"),))
FAILURES = {
    "hangs-up": (hang_up, Reply((Abort("disconnected"),))),
    "cut-in-body": (cut_in_body, Reply((HEADED, Data(b"hello"), Abort("incomplete")))),
    "garbage": (garbage, Reply((Abort("bad_protocol"),))),
    "lying-encoding": (lying_encoding, Reply((Abort("bad_encoding"),))),
}


def outcome(get, url: str) -> str:
    try:
        asyncio.run(get(url)) if asyncio.iscoroutinefunction(get) else get(url)
    except Exception as exc:
        return f"{type(exc).__module__}.{type(exc).__qualname__}".removeprefix("builtins.")
    return "no exception"


def replayed(get, url: str, failing: Reply) -> str:
    def agent(ctx, text):
        return get(url)

    one = scenario(agent, hosts=("127.0.0.1",))
    cassette = recorded(one, [failing])
    raised = trial(one, cassette).raised
    return raised[0].type if raised else "no exception"


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("stack", STACKS)
def test_replay_raises_the_class_that_the_socket_raises(stack, failure):
    behave, reply = FAILURES[failure]
    server = Server(behave)
    url = URL.format(port=server.port)
    live = outcome(STACKS[stack], url)
    server.close()

    assert replayed(STACKS[stack], url, reply) == live


@pytest.mark.parametrize("stack", STACKS)
def test_a_refused_connection_raises_the_class_that_the_socket_raises(stack):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    url = URL.format(port=port)

    assert replayed(STACKS[stack], url, Reply((Abort("refused"),))) == outcome(STACKS[stack], url)
