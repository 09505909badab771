"""Redaction: secrets never reach the disk. On by default, applied to everything a cassette keeps.

Header fields and query parameters by name, provider keys by their shape, and the literal values (12 characters or
more, also in base64) of the process's key variables, which become `{{NAME}}`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from agent_chaos.stream.exchange import Data, Event, Head, Headers, Reply, Request, header, with_header

REDACTED = "REDACTED"

_HEADERS = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "x-api-key",
        "api-key",
        "x-goog-api-key",
        "cookie",
        "set-cookie",
        "x-amz-security-token",
        "x-goog-user-project",
        "openai-project",
        "anthropic-workspace-id",
        "anthropic-project-id",
        "authentication",
    }
)
_HEADER_PARTS = (
    "organization",
    "organisation",
    "-secret",
    "-token",
    "api-key",
    "apikey",
    "cookie",
    "credential",
)
_NOT_SECRET = ("ratelimit", "max-token")
_QUERY = re.compile(
    r"([?&](?:key|api[_-]?key|access_token|token|sig|signature|client_secret|x-amz-(?:signature|credential|"
    r"security-token))=)[^&#]+",
    re.IGNORECASE,
)
_SHAPES = re.compile(
    rb"sk-ant-[A-Za-z0-9_-]{16,200}|sk-(?:proj-|svcacct-|or-v1-)?[A-Za-z0-9_-]{20,200}|AIza[A-Za-z0-9_-]{30,45}"
    rb"|ya29\.[A-Za-z0-9_-]{20,400}|gh[pousr]_[A-Za-z0-9]{30,100}|github_pat_[A-Za-z0-9_]{30,100}"
    rb"|(?:AKIA|ASIA)[A-Z0-9]{16}|xox[abprs]-[A-Za-z0-9-]{10,200}|hf_[A-Za-z0-9]{30,60}|gsk_[A-Za-z0-9]{30,80}"
    rb"|pplx-[A-Za-z0-9]{30,80}|xai-[A-Za-z0-9]{30,120}|tvly-[A-Za-z0-9-]{20,60}|org-[A-Za-z0-9]{20,40}"
    rb"|eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,1000}"
)
_SECRET_NAME = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)(?:_\w{1,20})?$", re.IGNORECASE)
_MIN_LENGTH = 12
_CREDENTIAL_HOSTS = frozenset({"oauth2.googleapis.com", "sts.googleapis.com", "login.microsoftonline.com"})


def drops(request: Request) -> bool:
    """Whether the whole exchange is a credential exchange that is never kept."""
    return request.host in _CREDENTIAL_HOSTS or request.path.endswith(("/oauth/token", "/oauth2/token"))


@dataclass(frozen=True)
class Redactor:
    """Replaces secrets in requests, replies, text and JSON values. `literals` maps a secret to what stands for it."""

    literals: Mapping[str, str]

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Redactor:
        """A redactor that also knows the values of the key variables of an environment."""
        found: dict[str, str] = {}
        for name, value in environ.items():
            if _SECRET_NAME.search(name) and len(value) >= _MIN_LENGTH:
                for form in _forms(value):
                    found.setdefault(form, f"{{{{{name}}}}}")
        return cls(dict(sorted(found.items(), key=lambda pair: -len(pair[0]))))

    def text(self, text: str) -> str:
        """The text without secrets."""
        for secret, stand_in in self.literals.items():
            text = text.replace(secret, stand_in)
        return _shapes(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def data(self, data: bytes) -> bytes:
        """The bytes without secrets."""
        for secret, stand_in in self.literals.items():
            if secret.encode() in data:
                data = data.replace(secret.encode(), stand_in.encode())
        return _shapes(data)

    def value(self, value: Any) -> Any:
        """A JSON value without secrets, in keys as well."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self.value(inner) for key, inner in value.items()}
        return [self.value(inner) for inner in value] if isinstance(value, list) else value

    def request(self, request: Request) -> Request:
        url = self.text(_QUERY.sub(rf"\g<1>{REDACTED}", request.url))
        return replace(request, url=url, headers=self._headers(request.headers), body=self.data(request.body))

    def reply(self, reply: Reply) -> Reply:
        """The reply without secrets, even those split across chunks; chunk times stay."""
        clean = Reply(tuple(self._head(event) for event in reply.events))
        body = self.data(reply.body)
        return clean if body == reply.body else _rebodied(clean, body, self.data)

    def _head(self, event: Event) -> Event:
        return replace(event, headers=self._headers(event.headers)) if isinstance(event, Head) else event

    def _headers(self, headers: Headers) -> Headers:
        return tuple(
            (name, REDACTED if is_secret_header(name) else self.text(value)) for name, value in headers
        )


def is_secret_header(name: str) -> bool:
    """Whether a header field's value is a credential or names an organisation."""
    lower = name.lower()
    if lower in _HEADERS:
        return True
    return any(part in lower for part in _HEADER_PARTS) and not any(part in lower for part in _NOT_SECRET)


def _shapes(data: bytes) -> bytes:
    return _SHAPES.sub(REDACTED.encode(), data)


def _forms(secret: str) -> list[str]:
    """A secret as it may appear: plain, in a URL, and in base64 at each of the three alignments."""
    raw = secret.encode()
    forms = [secret, quote(secret, safe="")]
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
        forms.append(encoded[(0, 2, 3)[shift] : len(encoded) - 1])
        forms.append(
            base64.urlsafe_b64encode(b"\0" * shift + raw).decode().rstrip("=")[(0, 2, 3)[shift] : -1]
        )
    return [form for form in dict.fromkeys(forms) if len(form) >= _MIN_LENGTH]


def _rebodied(reply: Reply, body: bytes, clean: Callable[[bytes], bytes]) -> Reply:
    """The reply with a redacted body: chunk boundaries stay where no secret crossed or preceded them."""
    events: list[Event] = []
    chunks = [event.data for event in reply.events if isinstance(event, Data)]
    if b"".join(clean(chunk) for chunk in chunks) == body:
        events = [replace(e, data=clean(e.data)) if isinstance(e, Data) else e for e in reply.events]
    else:
        events = list(_spread(reply, body))
    return _with_length(Reply(tuple(events)), len(body))


def _spread(reply: Reply, body: bytes) -> list[Event]:
    """The body cut where the chunks were cut, as far as it goes; the last chunk takes what is left."""
    events: list[Event] = []
    last = max((i for i, event in enumerate(reply.events) if isinstance(event, Data)), default=-1)
    used = 0
    for i, event in enumerate(reply.events):
        if not isinstance(event, Data):
            events.append(event)
            continue
        size = len(body) - used if i == last else len(event.data)
        events.append(replace(event, data=body[used : used + size]))
        used += size
    return events


def _with_length(reply: Reply, length: int) -> Reply:
    head = reply.head
    if head is None or not header(head.headers, "content-length"):
        return reply
    changed = replace(head, headers=with_header(head.headers, "content-length", str(length)))
    return Reply((changed, *reply.events[1:]))
