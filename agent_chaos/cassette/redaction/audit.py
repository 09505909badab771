"""Looks through a cassette for secrets that redaction missed; what `cassette verify` reports."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from agent_chaos.cassette.model import Cassette, Exchange
from agent_chaos.cassette.redaction.redaction import Redactor
from agent_chaos.cassette.redaction.secrets import (
    REDACTED,
    is_cookie,
    is_credential_exchange,
    is_secret_header,
    is_secret_parameter,
)
from agent_chaos.cassette.storage.file import verified
from agent_chaos.cassette.storage.records import tool_record, turn_record
from agent_chaos.stream.exchange import Headers


@dataclass(frozen=True, slots=True)
class SecretFound:
    """Something in a cassette that should not be there. `record` and `where` say where; the secret is not repeated."""

    record: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.record}: {self.what} in {self.where}"


def scan(path: Path | str, environ: Mapping[str, str] | None = None) -> list[SecretFound]:
    """Every secret found in the cassette at `path`, whose bytes are all verified on the way.

    Looks for credentials by header, parameter and shape, and for the values of the environment's key variables (by
    default this process's). Raises what `open_cassette` raises.
    """
    redactor = Redactor.from_environ(os.environ if environ is None else environ)
    return list(findings(verified(path), redactor))


def findings(cassette: Cassette, redactor: Redactor) -> Iterator[SecretFound]:
    """Every secret in an open cassette, in order."""
    if _shows(redactor, cassette.header.model_dump_json().encode()):
        yield SecretFound("header", "its fields", "a secret")
    for exchange in cassette.exchanges:
        yield from _in_exchange(exchange, redactor)
    for tool in cassette.tools:
        if _shows(redactor, tool_record(tool)):
            yield SecretFound(f"tool call {tool.index}", "its arguments or outcome", "a secret")
    for i, mark in enumerate(cassette.turns):
        if _shows(redactor, turn_record(mark)):
            yield SecretFound(f"turn mark {i}", "its text", "a secret")


def _in_exchange(exchange: Exchange, redactor: Redactor) -> Iterator[SecretFound]:
    record, request, reply = f"exchange {exchange.index}", exchange.request, exchange.reply
    if is_credential_exchange(request):
        yield SecretFound(record, f"its request to {request.host}", "a credential exchange")
    for name, value in request.query:
        if is_secret_parameter(name) and not _stands_in(value):
            yield SecretFound(record, f"query parameter {name}", "a credential")
    yield from _in_headers(record, "request", request.headers)
    yield from _in_headers(record, "reply", reply.headers)
    places = {
        "the request's URL": request.url.encode("utf-8", "surrogatepass"),
        "the request's headers": _joined(request.headers),
        "the request's body": request.body,
        "the reply's headers": _joined(reply.headers),
    }
    for where, data in places.items():
        if _shows(redactor, data):
            yield SecretFound(record, where, "a secret")
    if redactor.reply(reply).body != reply.body:
        yield SecretFound(record, "the reply's body", "a secret")


def _in_headers(record: str, side: str, headers: Headers) -> Iterator[SecretFound]:
    for name, value in headers:
        if is_cookie(name) or (is_secret_header(name) and not _stands_in(value)):
            yield SecretFound(record, f"the {side}'s header {name}", "a credential")


def _stands_in(value: str) -> bool:
    return REDACTED in value or "{{" in value or not value


def _joined(headers: Headers) -> bytes:
    return "\n".join(value for _, value in headers).encode("utf-8", "surrogatepass")


def _shows(redactor: Redactor, data: bytes) -> bool:
    return redactor.data(data) != data
