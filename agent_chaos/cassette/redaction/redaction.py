"""Redaction: secrets never reach the disk. On by default, applied to everything a cassette keeps.

Header fields and query parameters by name, provider keys by their shape, and the literal values (12 characters or
more, in several encodings) of the process's key variables, which become `{{NAME}}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from agent_chaos.cassette.redaction.edits import Edit, applied, merged, rebodied, streamed_edits
from agent_chaos.cassette.redaction.secrets import (
    MIN_LENGTH,
    REDACTED,
    forms,
    is_cookie,
    is_credential_exchange,
    is_plain_request_header,
    is_secret_header,
    is_secret_parameter,
    is_secret_variable,
    shaped,
)
from agent_chaos.stream.exchange import Abort, Head, Headers, Reply, ReplyEvent, Request
from agent_chaos.stream.framing.registry import evident_framing

__all__ = ["REDACTED", "Redactor", "is_credential_exchange", "is_secret_header"]

_PARAMETER = re.compile(r"([?&])([^=&#]{1,100})=([^&#]*)")
_USER_INFO = re.compile(r"^([a-zA-Z][a-zA-Z0-9+.-]{0,20}://)[^/@?#]{1,1000}@")
_PROJECT = re.compile(r"/projects/[^/?#]{1,200}/locations/")


@dataclass(frozen=True)
class Redactor:
    """Replaces secrets in requests, replies, text and JSON values. `secrets` maps a secret to what stands for it."""

    secrets: Mapping[str, str]

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Redactor:
        """A redactor that knows the values of an environment's key variables, as well as the shapes of keys."""
        found: dict[str, str] = {}
        for name in sorted(environ):
            if is_secret_variable(name) and len(environ[name]) >= MIN_LENGTH:
                found.setdefault(environ[name], f"{{{{{name}}}}}")
        return cls(found)

    def learning(self, request: Request, reply: Reply | None = None) -> Redactor:
        """This redactor, or one that also knows the credentials these messages carry in their headers."""
        held = [*_held(request.headers), *_held(reply.headers if reply else ())]
        held += [(name, value) for name, value in request.query if is_secret_parameter(name)]
        new = {
            value: f"{{{{{name.upper().replace('-', '_')}}}}}"
            for name, value in held
            if len(value) >= MIN_LENGTH and value not in self.secrets and not _stands_in(value)
        }
        return Redactor({**self.secrets, **new}) if new else self

    def text(self, text: str) -> str:
        """The text without secrets."""
        data = text.encode("utf-8", "surrogatepass")
        edits = self._edits(data)
        return applied(data, edits).decode("utf-8", "surrogatepass") if edits else text

    def data(self, data: bytes) -> bytes:
        """The bytes without secrets."""
        return applied(data, self._edits(data))

    def value(self, value: Any) -> Any:
        """A JSON value without secrets, in keys as well."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self.value(inner) for key, inner in value.items()}
        return [self.value(inner) for inner in value] if isinstance(value, list | tuple) else value

    def request(self, request: Request) -> Request:
        """The request without secrets. Redacting twice changes nothing more."""
        knowing = self.learning(request)
        headers = tuple(
            (name, value if is_plain_request_header(name) else REDACTED)
            for name, value in request.headers
            if not is_cookie(name)
        )
        url, *values = knowing._texts([_plain_url(request.url), *(value for _, value in headers)])
        names = [name for name, _ in headers]
        plain = tuple(zip(names, values, strict=True))
        return Request(request.method, url, plain, knowing.data(request.body))

    def reply(self, reply: Reply) -> Reply:
        """The reply without secrets, even those split across chunks or streamed in pieces; times stay."""
        clean = Reply(tuple(self._event(event) for event in reply.events))
        framing = evident_framing(clean)
        if framing and (streamed := merged(streamed_edits(clean, framing, self._edits))):
            clean = rebodied(clean, streamed)
        edits = self._edits(clean.body)
        return rebodied(clean, edits) if edits else clean

    def _event(self, event: ReplyEvent) -> ReplyEvent:
        if isinstance(event, Head):
            return replace(event, headers=self._reply_headers(event.headers), reason=self.text(event.reason))
        return replace(event, message=self.text(event.message)) if isinstance(event, Abort) else event

    def _reply_headers(self, headers: Headers) -> Headers:
        return tuple(
            (name, REDACTED if is_secret_header(name) else self.text(value))
            for name, value in headers
            if not is_cookie(name)
        )

    def _texts(self, texts: list[str]) -> list[str]:
        """As `text` of each, looked through at once since there is hardly ever anything to find."""
        joined = "\n".join(texts).encode("utf-8", "surrogatepass")
        return [self.text(text) for text in texts] if self._edits(joined) else texts

    def _edits(self, data: bytes) -> Sequence[Edit]:
        found = [Edit(start, end, stand_in) for start, end, stand_in in self._literal(data)]
        found += [Edit(start, end, REDACTED.encode()) for start, end in shaped(data)]
        return merged(found) if found else found

    def _literal(self, data: bytes) -> Iterator[tuple[int, int, bytes]]:
        for form, stand_in in self._forms:
            at = data.find(form)
            while at >= 0:
                yield at, at + len(form), stand_in
                at = data.find(form, at + len(form))

    @cached_property
    def _forms(self) -> tuple[tuple[bytes, bytes], ...]:
        found: dict[bytes, bytes] = {}
        for secret, stand_in in self.secrets.items():
            for form in forms(secret):
                found.setdefault(form, stand_in.encode())
        return tuple(sorted(found.items(), key=lambda pair: -len(pair[0])))


def _held(headers: Headers) -> Iterator[tuple[str, str]]:
    """Credentials in header fields, without their scheme; of cookies the values."""
    for name, value in headers:
        if is_cookie(name):
            yield from ((name, pair.partition("=")[2].strip()) for pair in value.split(";")[:1])
        elif is_secret_header(name):
            yield name, value.partition(" ")[2] if " " in value else value


def _stands_in(value: str) -> bool:
    return value == REDACTED or value.startswith("{{")


def _plain_url(url: str) -> str:
    """The URL without user info, secret parameters and project ids."""
    if "@" in url:
        url = _USER_INFO.sub(rf"\g<1>{REDACTED}@", url)
    if "?" in url:
        url = _PARAMETER.sub(_parameter, url)
    return _PROJECT.sub(f"/projects/{REDACTED}/locations/", url) if "/projects/" in url else url


def _parameter(match: re.Match[str]) -> str:
    if not is_secret_parameter(match[2]):
        return match[0]
    return f"{match[1]}{match[2]}={REDACTED}"
