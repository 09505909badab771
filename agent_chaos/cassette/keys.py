"""Match keys: digests of a redacted request, from the strictest to the most forgiving.

exact: method, host, path, query and canonical body. normalised: the same with ids, timestamps and temporary paths
masked, on any host. lane: the conversation a request belongs to (model, system, tools, first user message).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, is_dataclass
from hashlib import blake2b
from typing import Any

from agent_chaos.cassette.model import Keys
from agent_chaos.cassette.plain import comparable
from agent_chaos.cassette.redaction.names import is_secret_parameter
from agent_chaos.providers.registry import recognise
from agent_chaos.providers.turn import Message, Text, ToolCall, ToolResult
from agent_chaos.stream.exchange import Request

KEY_VERSION = 5
"""Raised whenever a key of an unchanged request, or its redaction, changes; stored in every cassette. Keys of another
version are not used."""

_SHOWN = 60
"""Characters that are shown of a value."""
_LEAD = 15
"""Characters that are shown of what two long values share before they differ."""
_SHORTEST_ID = 6
# What providers take for abuse detection, caching and records of their customers; frameworks put ids of their
# own run there.
_VOLATILE = ("user", "metadata", "safety_identifier", "prompt_cache_key", "idempotency_key")
"""Body fields that do not reach the model."""
# Drawn anew for each multipart request.
_BOUNDARY = re.compile(r"boundary=\"?([^\";]+)")
# What `_MASKS` is tried on: most words of prose are too short. An id in JSON text may follow `\n`, whose
# letter is no part of it.
_WORD = re.compile(r"(?:\\[nrt])?[0-9A-Za-z_+:.,/-]{10,}")
_CLOCK = re.compile(r"(?<!\d)\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?: ?(?:Z|[+-]\d\d:?\d\d))?")
_MASKS = re.compile(
    r"(?P<path>/(?:tmp|var/folders|var/tmp|private/var)/[\w./-]+)"
    r"|(?P<uuid>[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})"
    r"|(?P<id>(?:\b|(?<=\\[nrt]))(?:toolu|srvtoolu|mcptoolu|call|msg|resp|chatcmpl|fc|rs|ws|ctc|run|req|item|thread|file|batch|"
    r"msgbatch|cmpl|gen|container)[_-](?:bdrk_|vrtx_)?(?=[a-z_-]*[0-9A-Z])[0-9A-Za-z_-]{6,})"
    r"|(?P<time>(?<!\d)\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)"
    r"|(?P<epoch>\b1[5-9]\d{8}(?:\.\d{1,9}|\d{3}|\d{6}|\d{9})?\b)"
    r"|(?P<hex>(?<![0-9A-Za-z])(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{24,64}(?![0-9A-Za-z]))"
    r"|(?P<address>\b0x[0-9a-fA-F]{6,16}\b)"
)
_DIGIT = re.compile(r"\d")


_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def keys_of(request: Request) -> Keys:
    """All three keys of a redacted request."""
    return Keys(exact_key(request), normalised_key(request), lane_key(request))


def exact_key(request: Request) -> str:
    """Digest of method, host, path, query without secrets, and the body as canonical JSON."""
    return request.derived((__name__, "exact"), lambda: _exact_key(request))


def _exact_key(request: Request) -> str:
    place = f"{request.method.upper()} {request.host}{request.path}?{_query(request)}"
    return _digest(_bytes(place), _canonical_body(request))


def normalised_key(request: Request) -> str:
    """As `exact_key`, on any host, with ids, times and temporary paths masked, however its JSON is written."""
    place = f"{request.method.upper()} {masked(request.path)}?{masked(_query(request))}"
    body = _canonical_body(request, comparable).decode("utf-8", "replace")
    # By number, in the order of the conversation: the shapes below know the ids that providers mint, not
    # those that LangChain, pydantic-ai and smolagents make up.
    for number, call_id in enumerate(_tool_call_ids(request)):
        body = body.replace(call_id, f"<call{number}>")
    return _digest(_bytes(place), masked(body).encode())


def _tool_call_ids(request: Request) -> list[str]:
    """The ids of tool calls and results in order, however they are spelled: frameworks make up their own."""
    protocol = recognise(request)
    messages = protocol.prompt(request).messages if protocol else ()
    parts = [part for message in messages for part in message.parts]
    found = [
        part.id if isinstance(part, ToolCall) else part.call_id
        for part in parts
        if isinstance(part, ToolCall | ToolResult)
    ]
    # A short one, as `1` or `call`, stands in the text of other things, too, and would be replaced there.
    return [one for one in dict.fromkeys(found) if len(one) >= _SHORTEST_ID]


def lane_key(request: Request) -> str:
    """Digest of what stays the same through a conversation; method, host and path where no protocol is spoken."""
    protocol = recognise(request)
    if protocol is None:
        return _digest(f"{request.method.upper()} {request.host}{request.path}".encode(), b"")
    prompt = protocol.prompt(request)
    first = next((_text(message) for message in prompt.messages if message.role == "user"), "")
    # By name only, since a description may hold today's date; sorted, since some agents list their tools out
    # of a set.
    tools = sorted(tool.name for tool in prompt.tools)
    parts = json.dumps([protocol.name, prompt.model, prompt.system, tools, first])
    return _digest(b"lane", _bytes(masked(parts)))


def masked(text: str) -> str:
    """The text with ids, timestamps, epochs, long hex numbers, temporary paths and addresses replaced by their kind."""
    return _WORD.sub(_masked_word, _CLOCK.sub("<time>", text))


def _masked_word(word: re.Match[str]) -> str:
    text = word[0]
    # No mask matches such a word, and most words are of this kind.
    if _DIGIT.search(text) is None and "/" not in text and "_" not in text:
        return text
    return _MASKS.sub(_kind, text)


def _kind(match: re.Match[str]) -> str:
    return f"<{match.lastgroup}>"


def first_difference(recorded: Request, asked: Request) -> str:
    """Where two requests differ first, as `messages[2].content: 'x' ≠ 'y'` (recorded first); '' where they are equal."""
    moved = recorded.host != asked.host
    places = [
        ("method", recorded.method, asked.method),
        ("path", recorded.path, asked.path),
        ("query", _query(recorded), _query(asked)),
    ]
    # Another base URL is how the agent was started, and may come with a path of its own: what the agent asks for says more.
    address = [("host", recorded.host, asked.host)]
    if moved and (recorded.path.endswith(asked.path) or asked.path.endswith(recorded.path)):
        address.append(places.pop(1))
    return (
        _first_of(places)
        or _body_difference(recorded, asked)
        or _first_of(address)
        or _spelling(recorded, asked)
    )


def _first_of(values: Iterable[tuple[str, str, str]]) -> str:
    unlike = (f"{name}: {_short(was)} ≠ {_short(now)}" for name, was, now in values if was != now)
    return next(unlike, "")


def _body_difference(recorded: Request, asked: Request) -> str:
    if recorded.json is None or asked.json is None:
        return "" if recorded.body == asked.body else f"body: {_unlike(recorded.body, asked.body)}"
    return next(_differences(comparable(recorded.json), comparable(asked.json), ""), "")


def _spelling(recorded: Request, asked: Request) -> str:
    """What SDKs merely spell in another way: of several differences the one that explains nothing."""
    if recorded.json is None or asked.json is None:
        return ""
    return next(_differences(recorded.json, asked.json, ""), "")


def _query(request: Request) -> str:
    # A key in the query, as Gemini's, is redacted in the recording, so it must not decide a match.
    return "&".join(
        f"{name}={value}" for name, value in sorted(request.query) if not is_secret_parameter(name)
    )


def _canonical_body(request: Request, reading: Callable[[Any], Any] = lambda value: value) -> bytes:
    value = request.json
    if isinstance(value, dict):
        value = {name: inner for name, inner in value.items() if name not in _VOLATILE}
    if value is not None:
        return _canonical(reading(value)).encode("utf-8", "surrogatepass")
    match = _BOUNDARY.search(request.header("content-type"))
    # Uploads: httpx, aiohttp and requests each draw a boundary for every request.
    return request.body.replace(match.group(1).encode(), b"boundary") if match else request.body


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _digest(place: bytes, body: bytes) -> str:
    digest = blake2b(place, digest_size=16)
    digest.update(b"\n")
    digest.update(body)
    return digest.hexdigest()


def _text(message: Message) -> str:
    return "".join(part.text if isinstance(part, Text) else _opaque(part) for part in message.parts)


def _opaque(part: object) -> str:
    assert is_dataclass(part)
    assert not isinstance(part, type)
    return json.dumps(asdict(part), sort_keys=True, default=str)


def _differences(before: Any, after: Any, path: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        # In recorded order, not sorted: the first difference is to be the one that a reader of the request
        # meets first.
        for key in [*before, *(key for key in after if key not in before)]:
            inner = f"{path}.{key}" if path else str(key)
            if key not in after:
                yield f"{inner}: {_short(before[key])} ≠ nothing"
            elif key not in before:
                yield f"{inner}: nothing ≠ {_short(after[key])}"
            else:
                yield from _differences(before[key], after[key], inner)
    elif isinstance(before, list) and isinstance(after, list):
        for i, (one, other) in enumerate(zip(before, after, strict=False)):
            yield from _differences(one, other, f"{path}[{i}]")
        if len(before) != len(after):
            yield f"{path or 'body'}: {len(before)} items ≠ {len(after)} items"
    # To Python 1 and True are equal; in JSON they are not.
    elif before != after or type(before) is not type(after):
        yield f"{path or 'body'}: {_unlike(before, after)}"


def _unlike(before: Any, after: Any) -> str:
    """Two values, shown from shortly before the first character in which they differ."""
    texts = _words(before), _words(after)
    pairs = enumerate(zip(*texts, strict=False))
    same = next((at for at, (one, other) in pairs if one != other), min(map(len, texts)))
    start = max(0, same - _LEAD) if max(map(len, texts)) > _SHOWN else 0
    return " ≠ ".join(_cut(text, start) for text in texts)


def _short(value: Any) -> str:
    return _cut(_words(value), 0)


def _words(value: Any) -> str:
    if isinstance(value, str | bytes):
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return json.dumps(value, ensure_ascii=False, default=str)


def _cut(text: str, start: int) -> str:
    """So much of a text as a line has room for."""
    room = _SHOWN - 3 if start else _SHOWN
    rest = text[start:]
    cut = rest if len(rest) <= room else f"{rest[: room - 3]}..."
    return repr(f"...{cut}" if start else cut)
