"""The body of an aiohttp request, whatever its release made of it."""

from __future__ import annotations

from typing import Any


class _Gathered:
    """Takes the place of a connection's writer."""

    def __init__(self) -> None:
        self.data = bytearray()

    async def write(self, chunk: bytes) -> None:
        self.data += chunk


async def body_of(request: Any) -> bytes:
    """The bytes that would be sent."""
    body = request.body
    if isinstance(body, bytes | bytearray):
        return bytes(body)
    # `Payload.as_bytes` is younger than many releases in use; `write` is how every one of them is sent.
    gathered = _Gathered()
    await body.write(gathered)
    return bytes(gathered.data)
