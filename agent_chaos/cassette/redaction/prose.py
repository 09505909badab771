"""Secrets in running text: known values, shapes, what is assigned to a secret name, and credentials in URLs and headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from agent_chaos.cassette.redaction.names import is_secret_field, is_secret_parameter
from agent_chaos.stream.edits import Edit

REDACTED: Final = "REDACTED"

# Quotes may have backslashes before them, as in JSON within JSON. Every repetition is bounded: bodies are as
# long as they like, and a search must stay linear.
_ASSIGNED = re.compile(
    r"(?<![\w.-])(?P<name>[A-Za-z_][\w.-]{1,79})(?P<named>\\{0,8}[\"'])?[ \t]{0,3}(?P<sign>:=|=>|=|:)[ \t]{0,3}"
    r"(?=\\{0,8}(?P<quote>[\"'])(?P<quoted>[^\"'\\\r\n]{1,2000})|(?P<bare>[^\s\"'\\,;&<>(){}\[\]]{4,2000}+)(?![(\[{]))"
)
_PARAMETER = re.compile(r"(?:[?&]|&amp;)(?P<name>[A-Za-z0-9_.%~-]{1,80})=(?P<value>[^&#\s\"'<>\\]{1,4000})")
_USER_INFO = re.compile(r"://[^/\s:@\"'<>\\]{0,200}:(?P<value>[^/\s@\"'<>\\]{1,200})@")
_SCHEME = re.compile(
    r"\b(?:authorization\\{0,8}[\"']?[ \t]{0,3}[:=][ \t]{0,3}\\{0,8}[\"']?(?:(?:basic|bearer|digest|token|apikey)[ \t]+)?"
    r"|bearer[ \t]+)(?P<value>[A-Za-z0-9+/_.=~:-]{8,4000})",
    re.IGNORECASE,
)
_COOKIE = re.compile(
    r"\b(?:set-)?cookie\\{0,8}[\"']?[ \t]{0,3}:[ \t]{0,3}\\{0,8}[\"']?(?P<value>[^\r\n\"'\\]{1,4000})",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"[0-9]")
_NAME = re.compile(r"[A-Za-z_][\w.-]*")
_NO_VALUES: Final = frozenset(
    {"true", "false", "none", "null", "undefined", "string", "required", "optional"}
)


def named_credentials(text: str) -> Iterator[Edit]:
    """What stands in a text in the place of a credential: after a secret name, in a URL, as a header."""
    # Plain tests first: each pattern walks through the whole of a text, and most texts hold none of this.
    if "=" in text or ":" in text:
        yield from _assigned(text)
        yield from _values(_COOKIE, text)
    if "://" in text:
        yield from _values(_USER_INFO, text)
    if "?" in text or "&" in text:
        yield from (_edit(m) for m in _PARAMETER.finditer(text) if _is_parameter(m))
    yield from (_edit(m) for m in _SCHEME.finditer(text) if _is_credential(m))


def stands_in(value: str) -> bool:
    """Whether a value is what redaction leaves."""
    return not value or REDACTED in value or value.startswith("{{")


def _assigned(text: str) -> Iterator[Edit]:
    for match in _ASSIGNED.finditer(text):
        if is_secret_field(match["name"]) and _is_value(match):
            yield _edit(match, "quoted" if match["quote"] else "bare")


def _is_value(match: re.Match[str]) -> bool:
    """Whether what is assigned is a value rather than the name of one, or a word of a sentence."""
    value = match["quoted"] or match["bare"]
    if stands_in(value) or value.lower() in _NO_VALUES:
        return False
    if match["quote"]:
        return True
    # `API_KEY=…` of a shell or an .env file is a value however it looks, unless it names another variable.
    if match["sign"] == "=" and match["name"].isupper():
        return not value.startswith("$")
    # `password: required` and `token = get_token` name no secret; what has digits or signs in it does.
    return _DIGIT.search(value) is not None or _NAME.fullmatch(value) is None


def _is_parameter(match: re.Match[str]) -> bool:
    return is_secret_parameter(match["name"]) and not stands_in(match["value"])


def _is_credential(match: re.Match[str]) -> bool:
    value = match["value"]
    explicit = match[0].lower().startswith("authorization")
    # "bearer" is a word of English, too: behind it alone, a value must look like one.
    return not stands_in(value) and (explicit or (len(value) >= 16 and _DIGIT.search(value) is not None))


def _values(pattern: re.Pattern[str], text: str) -> Iterator[Edit]:
    return (_edit(match) for match in pattern.finditer(text) if not stands_in(match["value"]))


def _edit(match: re.Match[str], group: str = "value") -> Edit:
    return Edit(match.start(group), match.end(group), REDACTED)
