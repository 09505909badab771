"""vcrpy's part in a recording: its cassette lifecycle, its record modes, and its stubs for requests, urllib3 and boto3.

httpx, httpx2 and aiohttp get our own tees instead of vcrpy's buffering stubs. vcrpy is imported here, when a recording
starts, since that takes 0.7 s.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from agent_chaos.patch.recording.capture import Capture
from agent_chaos.patch.recording.tee import Taken
from agent_chaos.patch.recording.tee_aiohttp import aiohttp_patches
from agent_chaos.patch.recording.tee_httpx import httpx_patches
from agent_chaos.stream.exchange import Data, End, Head, Headers, Reply, ReplyEvent, Request

_TRANSPORT = "requests"
_OURS = ("httpx", "httpx2", "aiohttp")


@contextmanager
def vcr_lifecycle(recorder: Capture, mode: str) -> Iterator[None]:
    """Patches every HTTP client while the block runs."""
    config: Any = import_module("vcr").VCR(record_mode=mode, ignore_localhost=False)
    cassette_class = _cassette_class(recorder)
    arguments = partial(
        config.get_merged_config,
        path="agent-chaos",
        custom_patches=_patches(recorder),
        skip_patchers=_OURS,
    )
    lifecycle: AbstractContextManager[Any] = cassette_class.use_arg_getter(arguments)
    with lifecycle:
        yield


def _patches(recorder: Capture) -> tuple[tuple[Any, str, Any], ...]:
    found: list[tuple[Any, str, Any]] = []
    for name in ("httpx2", "httpx"):
        if find_spec(name) is not None:
            found += httpx_patches(import_module(name), recorder)
    if find_spec("aiohttp") is not None:
        found += aiohttp_patches(import_module("aiohttp"), recorder)
    return tuple(found)


def _cassette_class(recorder: Capture) -> Any:
    """A vcrpy cassette that hands everything to a recorder and keeps nothing itself."""
    base: Any = import_module("vcr.cassette").Cassette

    def can_play_response_for(self: Any, asked: Any) -> bool:
        request = _request(asked)
        if not hasattr(asked, "agent_chaos_at"):
            asked.agent_chaos_at = recorder.clock()
        return recorder.wants(request) and recorder.has(request)

    def play_response(self: Any, asked: Any) -> Any:
        reply = recorder.played(_request(asked))
        assert reply is not None, "can_play_response_for said that there is one"
        return _vcr_response(reply)

    def filter_request(self: Any, asked: Any) -> Any:
        return asked if recorder.wants(_request(asked)) else None

    def append(self: Any, asked: Any, response: Any) -> None:
        request = _request(asked)
        if not recorder.wants(request):
            recorder.passes(request)
            return
        now = recorder.clock()
        at = getattr(asked, "agent_chaos_at", now)
        recorder.keep(Taken(request, _TRANSPORT, at, _events(response, now - at), closed=False))

    def nothing(self: Any, *args: Any, **kwargs: Any) -> None:
        """There is no vcrpy file: records are written as they happen."""

    return type(
        "RecorderCassette",
        (base,),
        {
            "can_play_response_for": can_play_response_for,
            "play_response": play_response,
            "filter_request": filter_request,
            "append": append,
            "write_protected": property(lambda self: recorder.protected),
            "_load": nothing,
            "_save": nothing,
        },
    )


def _request(asked: Any) -> Request:
    body = asked.body_bytes or b""
    if not isinstance(body, bytes | bytearray):
        body = str(body).encode()
    return Request(asked.method.upper(), asked.uri, _headers(asked.headers), bytes(body))


def _headers(raw: Any) -> Headers:
    return tuple((_text(name), _text(value)) for name, value in raw.items())


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _events(response: Any, at: float) -> tuple[ReplyEvent, ...]:
    """vcrpy's stubs read the whole body first: one chunk, at the time it was there."""
    status, body = response["status"], response["body"]["string"] or b""
    headers = tuple((name, value) for name, values in response["headers"].items() for value in values)
    head = Head(int(status["code"]), headers, at, status["message"] or "")
    return (head, Data(body, at), End(at)) if body else (head, End(at))


def _vcr_response(reply: Reply) -> dict[str, Any]:
    assert reply.head is not None, "broken exchanges are not answers"
    headers: dict[str, list[str]] = {}
    for name, value in reply.headers:
        headers.setdefault(name, []).append(value)
    return {
        "status": {"code": reply.status, "message": reply.head.reason},
        "headers": headers,
        "body": {"string": reply.body},
    }
