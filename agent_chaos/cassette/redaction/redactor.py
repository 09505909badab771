"""Redaction: secrets never reach the disk. On by default, applied to everything a cassette keeps.

By name: header fields, query parameters, JSON and form fields, assignments in text. By shape: keys as providers make them.
By value: the process's key variables (12 characters or more), which become `{{NAME}}`. What a provider signed or
encrypted, and base64 of anything but text, passes byte for byte.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import Any

from agent_chaos.cassette.redaction.carried_credentials import carried_credentials, placeholder_of
from agent_chaos.cassette.redaction.header_names import is_cookie, is_plain_request_header, is_secret_header
from agent_chaos.cassette.redaction.names import is_secret_parameter, is_secret_variable
from agent_chaos.cassette.redaction.prose import REDACTED, stands_in
from agent_chaos.cassette.redaction.scrubbing import (
    MIN_LENGTH,
    Known,
    edits_of,
    edits_of_field,
    known_forms,
    streamed_edits,
)
from agent_chaos.stream.edits import Edit, applied, clipped_edits, in_bytes, merged_edits, moved, rebodied
from agent_chaos.stream.exchange import Abort, Head, Headers, Reply, ReplyEvent, Request
from agent_chaos.stream.framing.framing import Framing
from agent_chaos.stream.framing.registry import evident_framing

_PARAMETER = re.compile(r"([?&])([^=&#]{1,100})=([^&#]*)")
_PART = re.compile(
    r"(?P<head>;[ ]?name=\"(?P<name>[^\"\r\n]{1,100})\"[^\r\n]{0,300}\r\n(?:[^\r\n]{1,300}\r\n){0,9}\r\n)(?P<value>[^\r\n]{1,4000})"
)
"""A field of a form in parts, of one line."""
_GZIP = 16 + zlib.MAX_WBITS
_MAX_PLAIN = 64 * 1024 * 1024
"""Bytes that are unpacked, at most: a few kilobytes can hold gigabytes."""
_USER_INFO = re.compile(r"^([a-zA-Z][a-zA-Z0-9+.-]{0,20}://)[^/@?#]{1,1000}@")
_PROJECT = re.compile(r"/projects/[^/?#]{1,200}/locations/")
_LEARNT, _SHORT, _KEPT = 16, 512, 4096
"""How many redactors that learnt something are kept; of texts of how many characters the edits are, and of how many texts."""


@dataclass(frozen=True)
class Redactor:
    """Replaces secrets in requests, replies, text and JSON values. `secrets` maps a secret to what stands for it."""

    secrets: Mapping[str, str]

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Redactor:
        """A redactor that knows the values of an environment's key variables, as well as the shapes of keys."""
        found: dict[str, str] = {}
        # In order, so that of two variables with one value the same name stands for it in every recording.
        for name in sorted(environ):
            if len(environ[name]) >= MIN_LENGTH and is_secret_variable(name, environ[name]):
                found.setdefault(environ[name], f"{{{{{name}}}}}")
        return cls(found)

    @cached_property
    def secret_bytes(self) -> tuple[bytes, ...]:
        """The secrets as a body holds them."""
        return tuple(secret.encode("utf-8", "surrogatepass") for secret in self.secrets)

    def learning(self, request: Request, reply: Reply | None = None) -> Redactor:
        """This redactor, or one that also knows the credentials these messages carry in their headers."""
        if reply is not None:
            return self._learning(request, reply)
        # By what the redactor knows, as equal ones are not one object; a request is learnt from at each call of each run.
        return request.derived((__name__, tuple(self.secrets.items())), lambda: self._learning(request, None))

    def _learning(self, request: Request, reply: Reply | None) -> Redactor:
        new = {
            value: placeholder_of(name)
            for name, value in carried_credentials(request, reply)
            if len(value) >= MIN_LENGTH and value not in self.secrets and not stands_in(value)
        }
        if not new:
            return self
        known = tuple(new.items())
        # Beyond that they are made and forgotten: an agent with a new token in each request must not fill
        # the memory.
        if known not in self._learnt and len(self._learnt) < _LEARNT:
            self._learnt[known] = Redactor({**self.secrets, **new})
        return self._learnt.get(known) or Redactor({**self.secrets, **new})

    def text(self, text: str) -> str:
        """The text without secrets."""
        edits = self._edits(text)
        return applied(text, edits) if edits else text

    def data(self, data: bytes) -> bytes:
        """The bytes without secrets."""
        text = _text(data)
        edits = self._edits(text)
        return applied(text, edits).encode("utf-8", "surrogateescape") if edits else data

    def value(self, value: Any, name: str = "") -> Any:
        """A JSON value without secrets, in keys as well; `name` is of the field that holds it."""
        if isinstance(value, str):
            return self._field(value, name)
        if isinstance(value, dict):
            return {self.text(str(key)): self.value(inner, str(key)) for key, inner in value.items()}
        return [self.value(inner, name) for inner in value] if isinstance(value, list | tuple) else value

    def request(self, request: Request) -> Request:
        """The request without secrets. Redacting twice changes nothing more."""
        knowing = self.learning(request)
        headers = tuple(
            (name, value if is_plain_request_header(name) else REDACTED)
            # Unknown fields are replaced, not only those that look secret: gateways call their keys whatever
            # they like.
            for name, value in request.headers
            if not is_cookie(name)
        )
        url, *values = knowing._texts([_plain_url(request.url), *(value for _, value in headers)])
        names = [name for name, _ in headers]
        plain = tuple(zip(names, values, strict=True))
        return Request(request.method, url, plain, knowing._body(request))

    def reply(self, reply: Reply) -> Reply:
        """The reply without secrets, even those split across chunks or streamed in pieces; times stay."""
        clean = Reply(tuple(self._event(event) for event in reply.events))
        framing = evident_framing(clean)
        if framing is None:
            edits = self._in_body(clean.body)
        else:
            edits = self._sealed(clean, framing) if framing.sealed else self._streamed(clean, framing)
        return rebodied(clean, edits) if edits else clean

    def _body(self, request: Request) -> bytes:
        if request.header("content-encoding").strip().lower() == "gzip":
            return self._packed(request.body)
        # A field's name stands in a header of its part, a line and more before the value, where no pattern
        # for text looks.
        if "multipart/form-data" in request.header("content-type"):
            plain = _PART.sub(_part, _text(request.body))
            return self.data(plain.encode("utf-8", "surrogateescape"))
        if "form-urlencoded" not in request.header("content-type"):
            return self.data(request.body)
        # A form is a query string without its question mark, which the pattern asks for.
        form = _PARAMETER.sub(_parameter, "?" + _text(request.body))
        return self.data(form[1:].encode("utf-8", "surrogateescape"))

    def _packed(self, body: bytes) -> bytes:
        """Of a body in gzip what is in it; as it is where that holds no secret, or cannot be read."""
        try:
            reader = zlib.decompressobj(_GZIP)
            plain = reader.decompress(body, _MAX_PLAIN)
        except zlib.error:
            return body
        # It unpacks to more than is looked through, and a part of it cannot be packed again.
        if reader.unconsumed_tail:
            return body
        clean = self.data(plain)
        # Without the time of day, which would make each recording of the same request another one.
        return body if clean == plain else gzip.compress(clean, mtime=0)

    def _in_body(self, body: bytes) -> list[Edit]:
        text = _text(body)
        return in_bytes(text, self._edits(text))

    def _streamed(self, reply: Reply, framing: Framing) -> list[Edit]:
        """Edits in an event stream: its documents by their fields, whatever else it holds as text."""
        documents: list[tuple[int, str]] = []
        edits: list[Edit] = []
        at = 0
        for frame in framing.frames_of(reply):
            raw = _text(frame.raw)
            inside = raw.find(frame.data) if frame.data[:1] in ("{", "[") else -1
            if inside < 0:
                edits += [moved(edit, at) for edit in self._edits(raw)]
            else:
                documents.append((at + inside, frame.data))
            at += len(raw)
        return in_bytes(_text(reply.body), merged_edits([*edits, *streamed_edits(documents, self._known)]))

    def _sealed(self, reply: Reply, framing: Framing) -> list[Edit]:
        """Edits in a stream whose messages carry checksums: each message that holds a secret is written anew."""
        frames = framing.frames_of(reply)
        starts = list(accumulate((len(one.data) for one in frames), initial=0))
        documents = [(at, one.data) for at, one in zip(starts, frames, strict=False) if one.data]
        edits = streamed_edits(documents, self._known)
        changed = (
            (one, clipped_edits(edits, at, at + len(one.data)))
            for at, one in zip(starts, frames, strict=False)
        )
        return [
            Edit(one.start, one.end, _text(framing.with_data(one, applied(one.data, inside))))
            for one, inside in changed
            if inside
        ]

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

    def _field(self, value: str, name: str) -> str:
        return applied(value, self._kept_edits(value, name))

    def _texts(self, texts: list[str]) -> list[str]:
        """As `text` of each, looked through at once since there is hardly ever anything to find."""
        return [self.text(text) for text in texts] if self._edits("\n".join(texts)) else texts

    def _edits(self, text: str) -> Sequence[Edit]:
        return self._kept_edits(text, None)

    def _kept_edits(self, text: str, name: str | None) -> Sequence[Edit]:
        """The edits of a text, or of the field of that name; of a short one they are kept, since the runs of a search say much
        the same.
        """
        edits = self._kept.get((text, name))
        if edits is None:
            edits = edits_of(text, self._known) if name is None else edits_of_field(text, name, self._known)
            if len(text) <= _SHORT and len(self._kept) < _KEPT:
                self._kept[text, name] = edits
        return edits

    @cached_property
    def _kept(self) -> dict[tuple[str, str | None], Sequence[Edit]]:
        return {}

    @cached_property
    def _learnt(self) -> dict[tuple[tuple[str, str], ...], Redactor]:
        """Those that know more, by what they learnt: the runs of a search carry the same credentials."""
        return {}

    @cached_property
    def _known(self) -> tuple[Known, ...]:
        found = [one for secret, stand_in in self.secrets.items() for one in known_forms(secret, stand_in)]
        # Longest first, so that a secret which begins with another one is replaced whole.
        return tuple(sorted(found, key=lambda one: -len(one.form)))


NO_SECRETS = Redactor({})
"""Knows keys by their shape alone."""


def _text(data: bytes) -> str:
    """Bytes as text, whatever they are; encoded with the same error handler they are the same bytes."""
    return data.decode("utf-8", "surrogateescape")


def _plain_url(url: str) -> str:
    """The URL without user info, secret parameters and project ids."""
    if "@" in url:
        url = _USER_INFO.sub(rf"\g<1>{REDACTED}@", url)
    if "?" in url:
        url = _PARAMETER.sub(_parameter, url)
    return _PROJECT.sub(f"/projects/{REDACTED}/locations/", url) if "/projects/" in url else url


def _part(match: re.Match[str]) -> str:
    return match["head"] + REDACTED if is_secret_parameter(match["name"]) else match[0]


def _parameter(match: re.Match[str]) -> str:
    if not is_secret_parameter(match[2]) or not match[3]:
        return match[0]
    return f"{match[1]}{match[2]}={REDACTED}"
