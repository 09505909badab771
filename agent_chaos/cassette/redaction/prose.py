"""Secrets in running text: known values, shapes, what is assigned to a secret name, and credentials in URLs and headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from agent_chaos.cassette.redaction.names import is_secret_field, is_secret_parameter
from agent_chaos.stream.edits import Edit

REDACTED: Final = "REDACTED"
"""What stands for a secret that is found by its name or shape."""
SECRET_PLACEHOLDER: Final = re.compile(r"\{\{[A-Z][A-Z0-9_]*\}\}")
"""What stands for a secret whose value is known: the name of its variable or field, as `{{OPENAI_API_KEY}}`."""

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
_OPTION = re.compile(
    r"(?<![\w-])--(?P<name>[A-Za-z][\w-]{1,40})(?:=|[ \t]{1,3})[\"']?"
    r"(?P<value>[^\s\"'\\;|&<>$-][^\s\"'\\;|&]{3,400})"
)
_USER_OPTION = re.compile(
    r"\s(?:-u|--user|--proxy-user)[ \t=]{0,3}[\"']?[^\s:\"'\\]{1,100}:(?P<value>[^\s\"'\\]{4,200})"
)
_PASSWORD_OPTION = re.compile(
    r"\b(?:sshpass[ \t]{1,3}-p[ \t]{0,3}|(?:mysql|mysqldump|mysqladmin|mariadb)\b[^\n]{0,200}?[ \t]-p)[\"']?"
    r"(?P<value>[^\s\"'\\]{4,200})"
)
_NETRC = re.compile(r"\blogin\s{1,3}\S{1,100}\s{1,3}password\s{1,3}(?P<value>\S{4,200})")
_ELEMENT = re.compile(
    r"<(?P<name>[A-Za-z_][\w.:-]{1,79})(?:\s[^<>]{0,300})?>\s{0,9}(?P<value>[^<>\s][^<>]{3,2000})</(?P=name)>"
)
_ATTRIBUTE = re.compile(
    r"\bname=\\{0,8}[\"'](?P<name>[\w.-]{2,80})\\{0,8}[\"'][^<>]{0,200}?\svalue=\\{0,8}[\"'](?P<value>[^\"'<>\\]{4,2000})"
)
_TOLD = re.compile(
    r"\b(?P<name>pass(?:word|phrase|code)|(?:api|access|secret|private|auth|client|session|refresh|license)[ -](?:key|token|secret))"
    r"(?:\s{1,3}is\b:?|\s{0,2}[:=])\s{1,3}\\{0,8}[\"'`]?(?P<value>[^\s\"'`\\,;<>]{6,2000}[^\s\"'`\\,;<>.!?)])",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"[0-9]")
_NAME = re.compile(r"[A-Za-z_][\w.-]*")
_WORDS_OF_SECRETS: Final = ("password", "passphrase", "passcode", "key", "token", "secret")
_NO_VALUES: Final = frozenset(
    {"true", "false", "none", "null", "undefined", "string", "required", "optional"}
)


def named_credentials(text: str) -> Iterator[Edit]:
    """What stands in a text in the place of a credential: after a secret name, in a URL, as a header."""
    # Plain tests first: each pattern walks through the whole of a text, and most texts hold none of this.
    if "=" in text or ":" in text:
        yield from _assigned(text)
        yield from (_edit(m) for m in _ATTRIBUTE.finditer(text) if _is_parameter(m))
        yield from _values(_COOKIE, text)
    if "://" in text:
        yield from _values(_USER_INFO, text)
    if "?" in text or "&" in text:
        yield from (_edit(m) for m in _PARAMETER.finditer(text) if _is_parameter(m))
    if "</" in text:
        yield from (_edit(m) for m in _ELEMENT.finditer(text) if is_secret_field(m["name"]) and _is_meant(m))
    if "-" in text:
        yield from _in_commands(text)
    lower = text.lower()
    if any(word in lower for word in _WORDS_OF_SECRETS):
        yield from (
            _edit(m) for m in _TOLD.finditer(text) if _is_mixed(m["value"]) and not stands_in(m["value"])
        )
    if "login" in text:
        yield from _values(_NETRC, text)
    yield from (_edit(m) for m in _SCHEME.finditer(text) if _is_credential(m))


def _in_commands(text: str) -> Iterator[Edit]:
    """What a command line hands to a program."""
    if "--" in text:
        yield from (_edit(m) for m in _OPTION.finditer(text) if _is_option(m))
    if "curl" in text or "wget" in text:
        yield from _values(_USER_OPTION, text)
    if "-p" in text:
        yield from _values(_PASSWORD_OPTION, text)


def _is_option(match: re.Match[str]) -> bool:
    name = match["name"]
    return (is_secret_field(name) or name.lower() == "token") and _is_meant(match)


def _is_meant(match: re.Match[str]) -> bool:
    """Whether a value is one, and not a word that says what is wanted there."""
    value = match["value"]
    return not stands_in(value) and value.lower() not in _NO_VALUES and not value.isupper()


def _is_mixed(value: str) -> bool:
    """Whether a value looks like a password or a key rather than a word: digits or signs, and letters."""
    return _DIGIT.search(value) is not None and any(letter.isalpha() for letter in value)


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
