"""What foreign formats share: bodies and headers in the ways they are written down, and replies as they were received."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from agent_chaos.cassette.interchange.encoding import without_content_encoding
from agent_chaos.cassette.interchange.format import Interaction, Unfit
from agent_chaos.stream.exchange import Data, End, Head, Headers, Reply
from agent_chaos.stream.framing.registry import evident_framing

Raw = TypeVar("Raw")


def each(raws: Iterable[Raw], read: Callable[[Raw], Interaction]) -> Iterator[Interaction]:
    """Each interaction read. Raises Unfit, naming the first that is none."""
    for number, raw in enumerate(raws):
        try:
            interaction = read(raw)
            _ = interaction.request.address  # raises ValueError where the URL is none
            yield interaction
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, IndexError) as exc:
            raise Unfit(f"interaction {number} is not one ({type(exc).__name__}: {exc})") from None


def body_bytes(value: Any) -> bytes:
    """A body: bytes, text, a list of either, `{"string": …}`, `{"base64_string": …}`, or JSON that was kept as a value."""
    # Ruby's VCR writes bodies so where it is told to keep their bytes, and exports to VCR.py do for broken transfers.
    if isinstance(value, dict) and "base64_string" in value:
        return from_base64(value["base64_string"])
    if isinstance(value, dict) and "string" in value and set(value) <= {"string", "encoding"}:
        value = value["string"]
    if isinstance(value, list) and all(isinstance(part, str | bytes) for part in value):
        return b"".join(_bytes(part) for part in value)
    return _bytes(value)


def from_base64(text: str | bytes) -> bytes:
    """Bytes in base64, broken into lines or not. Raises ValueError."""
    try:
        return base64.b64decode(text)
    except binascii.Error as exc:
        raise ValueError(f"a body is not base64: {exc}") from None


def headers_of(raw: Any) -> Headers:
    """Header fields: a mapping from names to a value or a list of them, or pairs."""
    pairs = raw.items() if isinstance(raw, dict) else (raw or ())
    found: list[tuple[str, str]] = []
    for name, value in pairs:
        found += [
            (_text(name), _text(one)) for one in (value if isinstance(value, list | tuple) else [value])
        ]
    return tuple(found)


def received(head: Head, body: bytes, *, ended_at: float = 0.0) -> Reply:
    """A reply whose body arrived when it ended, in plain bytes; an event stream in its frames."""
    plain = without_content_encoding(
        Reply((head, Data(body, ended_at), End(ended_at)) if body else (head, End(ended_at)))
    )
    framing = evident_framing(plain)
    if framing is None:
        return plain
    pieces = (Data(frame.raw, ended_at) for frame in framing.frames_of(plain))
    return Reply((plain.events[0], *pieces, End(ended_at)))


def _bytes(value: Any) -> bytes:
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return json.dumps(value, separators=(",", ":")).encode()


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
