"""The credentials that a request and its reply carry themselves, which other texts of the recording may repeat."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent_chaos.cassette.redaction.credential_exchange import is_credential_exchange
from agent_chaos.cassette.redaction.header_names import is_cookie, is_plain_request_header, is_secret_header
from agent_chaos.cassette.redaction.names import is_secret_parameter
from agent_chaos.cassette.redaction.shapes import entropy
from agent_chaos.stream.exchange import Headers, Reply, Request
from agent_chaos.stream.json_strings import strings

_UNFIT = re.compile(r"[^A-Za-z0-9]+")
# Of 12 letters and digits drawn at random nine in ten lie above, of 32 hexadecimal digits nearly all; most
# words and version numbers lie below.
_RANDOM_BITS = 3.2


def carried_credentials(request: Request, reply: Reply | None) -> Iterator[tuple[str, str]]:
    """Pairs of (name of the field, credential), of any length."""
    yield from _held(request.headers)
    yield from _random(request.headers)
    if reply is not None:
        yield from _held(reply.headers)
    yield from ((name, value) for name, value in request.query if is_secret_parameter(name))
    if reply is not None and is_credential_exchange(request):
        yield from _fetched(reply)


def placeholder_of(name: str) -> str:
    """What stands for a credential of a field: `x-api-key` → `{{X_API_KEY}}`."""
    return f"{{{{{_UNFIT.sub('_', name).upper()}}}}}"


def _held(headers: Headers) -> Iterator[tuple[str, str]]:
    """Credentials in header fields, without their scheme; of cookies the values."""
    for name, value in headers:
        if is_cookie(name):
            # A reply sets one cookie in a field, with attributes behind it; a request sends all in one field.
            pairs = value.split(";") if name.lower() == "cookie" else value.split(";")[:1]
            yield from ((name, pair.partition("=")[2].strip()) for pair in pairs)
        # `Bearer sk-…`: the scheme is no part of the credential, and stands in other texts.
        elif is_secret_header(name):
            yield name, value.partition(" ")[2] if " " in value else value


def _random(headers: Headers) -> Iterator[tuple[str, str]]:
    """Values of request headers nobody knows, where they look drawn rather than written."""
    for name, value in headers:
        if not is_plain_request_header(name) and not is_cookie(name) and _is_drawn(value):
            yield name, value


def _fetched(reply: Reply) -> Iterator[tuple[str, str]]:
    """What a credential exchange brought: its strings that look drawn, or the whole of a body that is no JSON."""
    text = reply.body.decode("utf-8", "surrogateescape")
    found = strings(text)
    if found is None:
        yield from [("fetched credential", text)] if _is_drawn(text.strip()) else []
    else:
        yield from ((one.name, one.text) for one in found if one.name and _is_drawn(one.text))


def _is_drawn(value: str) -> bool:
    """Whether a value looks as if it was drawn at random: no spaces or slashes, digits, and few letters repeated."""
    written = " " in value or "/" in value or not any(letter.isdigit() for letter in value)
    return not written and entropy(value) >= _RANDOM_BITS
