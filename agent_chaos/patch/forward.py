"""Sends requests of a run to where they are really going, from a thread that belongs to no run.

The run waits meanwhile; its clock does not move. Replies are kept whole, with the times at which their chunks came. A
provider that says to come back later is asked again after that time, in real seconds, since the run's own waits are
virtual.
"""

from __future__ import annotations

import functools
import importlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from agent_chaos.containment import Contained
from agent_chaos.errors import RecordError
from agent_chaos.patch.recording.tee import Taken, Tee
from agent_chaos.patch.transports.failures import HTTPX
from agent_chaos.patch.transports.wire import header_fields
from agent_chaos.runtime import real
from agent_chaos.stream.exchange import Headers, Reply, Request

# As the clients of Anthropic and OpenAI wait by default: an answer that they would have had must not be lost
# here.
_TIMEOUT_S = 600.0
_LATER = (408, 409, 429, 500, 502, 503, 504, 529)
_TRIES = 4
_LONGEST_WAIT_S = 60.0
_OF_ONE_CONNECTION = ("host", "content-length", "connection", "accept-encoding", "transfer-encoding")


class Forwarder:
    """Asks for real. `sent` counts the requests that went out."""

    def __init__(self) -> None:
        self.sent = 0
        # Real queues: the run at one end has virtual time, and this thread has not.
        self._asked: real.SimpleQueue[Request | None] = real.SimpleQueue()
        self._answers: real.SimpleQueue[Reply | Exception] = real.SimpleQueue()
        self._library = http_library()

    def ask(self, request: Request) -> Reply:
        """The real reply, whole, or as far as it came. Raises RecordError where no request can be sent."""
        self.sent += 1
        self._asked.put(request)
        answer = self._answers.get()
        if isinstance(answer, Exception):
            raise RecordError(f"{request.host}: {type(answer).__name__}: {answer}") from answer
        return answer

    def work(self) -> None:
        """Sends what is asked for until there is no more; runs in a thread of its own."""
        with self._library.Client(timeout=_TIMEOUT_S) as client:
            while (request := self._asked.get()) is not None:
                with Contained() as contained:
                    self._answers.put(_patiently(client, request))
                if contained.error is not None:
                    self._answers.put(contained.error)

    def stop(self) -> None:
        self._asked.put(None)


@contextmanager
def forwarding() -> Iterator[Forwarder]:
    """A forwarder that is ready; open it before the run that uses it. Raises RecordError without an HTTP library."""
    forwarder = Forwarder()
    thread = threading.Thread(target=forwarder.work, name="agent-chaos-forward", daemon=True)
    thread.start()
    try:
        yield forwarder
    finally:
        forwarder.stop()
    # Only here, not above: after Ctrl-C nobody need wait for a slow provider's reply any longer.
    thread.join()


def http_library() -> ModuleType:
    """The HTTP library that this package goes online with. Raises RecordError where neither is installed."""
    for name in ("httpx2", "httpx"):
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise RecordError(
        "going online takes httpx2 or httpx, which come with the providers' SDKs: pip install httpx"
    )


def passed_on(headers: Headers) -> Headers:
    """The headers of a request without those that each connection has of its own, which the HTTP library writes anew."""
    return tuple(pair for pair in headers if pair[0].lower() not in _OF_ONE_CONNECTION)


def _patiently(client: Any, request: Request) -> Reply:
    for number in range(1, _TRIES + 1):
        reply = _sent(client, request)
        passing = reply.head is not None and (reply.status in _LATER or not reply.ended)
        if not passing or number == _TRIES:
            break
        asked = reply.header("retry-after")
        # Seconds alone are read; a date (RFC 9110, 10.2.3) is answered as if nothing had been said.
        real.sleep(min(float(asked) if asked.isdigit() else 2.0**number, _LONGEST_WAIT_S))
    return reply


def _sent(client: Any, request: Request) -> Reply:
    taken: list[Taken] = []
    headers = passed_on(request.headers)
    tee = Tee(request, "", real.monotonic, taken.append)
    opened = functools.partial(client.stream, request.method, request.url, content=request.body)
    with Contained() as contained:
        # Uncompressed, as recordings are: chunk boundaries inside of a gzip stream say nothing of the tokens.
        with opened(headers=[*headers, ("accept-encoding", "identity")]) as response:
            pairs = header_fields(response.headers.raw)
            tee.head(response.status_code, pairs, response.reason_phrase)
            # Not decoded: some servers compress whatever they were asked for, and their headers go on with the body.
            for chunk in response.iter_raw():
                tee.data(chunk)
        tee.end()
    if (error := contained.error) is not None:
        tee.failed(error, HTTPX)
        # Nothing was taken where the request never left, as that of a URL that is none.
        if not taken:
            raise error
    return Reply(taken[0].events)
