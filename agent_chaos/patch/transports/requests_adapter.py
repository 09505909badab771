"""requests: `HTTPAdapter.send`, answered from the session of the run that asks."""

from __future__ import annotations

import io
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from agent_chaos.patch.imports import when_imported
from agent_chaos.patch.transports.transfer import Failed, Pause, Timeouts, Transfer, TransferAction
from agent_chaos.runtime.session import Session, replaying
from agent_chaos.stream.exchange import Data, End, Head, Request

_BEFORE_BODY = {
    "connect_timeout": "ConnectTimeout",
    "read_timeout": "ReadTimeout",
    "tls": "SSLError",
}
_IN_BODY = {"bad_encoding": "ContentDecodingError", "incomplete": "ChunkedEncodingError"}


class _Body(io.RawIOBase):
    """A raw body whose reads take virtual time and raise what urllib3 would."""

    def __init__(
        self, session: Session, transfer: Transfer, steps: Iterator[TransferAction], errors: ModuleType
    ) -> None:
        self._session = session
        self._transfer = transfer
        self._steps = steps
        self._errors = errors
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left:
            self._left = self._next()
        taken = self._left[: len(buffer)]
        buffer[: len(taken)] = taken
        self._left = self._left[len(taken) :]
        return len(taken)

    def _next(self) -> bytes:
        for step in self._steps:
            if isinstance(step, Pause):
                self._session.clock.advance_to(step.until)
            elif isinstance(step, Failed):
                raise self._error(step)
            elif isinstance(step, Data) and step.data:
                return step.data
            elif isinstance(step, End):
                break
        return b""

    def _error(self, failed: Failed) -> Exception:
        text = failed.message or failed.kind
        if failed.timed_out:
            timeout: Exception = self._errors.ReadTimeoutError(None, "", "Read timed out.")
            return timeout
        error: Exception = self._errors.ProtocolError(
            f"Connection broken: {text}", ConnectionResetError(text)
        )
        return error

    def close(self) -> None:
        self._transfer.note("closed")
        super().close()


def _patch(module: ModuleType) -> None:
    real_send = module.HTTPAdapter.send

    def send(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        session = replaying()
        if session is None:
            return real_send(self, request, *args, **kwargs)
        return _answer(module, self, session, request, kwargs.get("timeout"))

    module.HTTPAdapter.send = send


def _answer(module: ModuleType, adapter: Any, session: Session, request: Any, timeout: Any) -> Any:
    import requests.exceptions
    import urllib3

    body = request.body.encode() if isinstance(request.body, str) else bytes(request.body or b"")
    asked = Request(request.method.upper(), request.url, tuple(request.headers.items()), body)
    transfer = Transfer(session, session.answers_http(asked, "requests"), _timeouts(timeout))
    steps = transfer.steps()
    for step in steps:
        if isinstance(step, Pause):
            session.clock.advance_to(step.until)
        elif isinstance(step, Failed):
            name = _BEFORE_BODY.get(step.kind, "ConnectionError")
            raise getattr(requests.exceptions, name)(step.message or step.kind, request=request)
        elif isinstance(step, Head):
            raw = urllib3.HTTPResponse(
                body=_Body(session, transfer, steps, urllib3.exceptions),
                headers=dict(step.headers),
                status=step.status,
                reason=step.reason,
                preload_content=False,
                request_method=request.method,
            )
            return adapter.build_response(request, raw)
    raise AssertionError("a reply has a head or an abort")


def _timeouts(timeout: Any) -> Timeouts:
    if isinstance(timeout, tuple):
        return Timeouts(connect=timeout[0], read=timeout[1])
    return Timeouts(connect=timeout, read=timeout) if isinstance(timeout, int | float) else Timeouts()


_installed = False


def install() -> None:
    """Patches requests, once per process, now or when it is imported."""
    global _installed
    if not _installed:
        _installed = True
        when_imported("requests.adapters", _patch)
