"""What is to be replaced in a text, whatever it is: JSON by its fields, base64 by what it holds, the rest as prose."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import quote, quote_plus

from agent_chaos.cassette.redaction.header_names import is_secret_header
from agent_chaos.cassette.redaction.names import is_secret_field
from agent_chaos.cassette.redaction.opaque import encoded_again, encoded_texts, is_verified
from agent_chaos.cassette.redaction.prose import REDACTED, named_credentials, stands_in
from agent_chaos.cassette.redaction.shapes import KeyShape, relevant
from agent_chaos.stream.edits import Edit, applied, clipped_edits, merged_edits
from agent_chaos.stream.json_strings import String, quoted, strings

MIN_LENGTH: Final = 12
"""Shorter values are words as often as secrets; they are left alone."""
_SHORTEST: Final = 6
_KEPT: Final = 2048
"""Characters of a string whose edits are kept for when it comes again."""
_NAMES: Final = frozenset({"name", "key", "header", "field", "variable"})
_VALUES: Final = frozenset({"value", "val", "stringValue", "string_value", "default"})
_DEPTH: Final = 6
"""How deep JSON in JSON and base64 in base64 are read."""


@dataclass(frozen=True, slots=True)
class Known:
    """A value that is a secret, in one of its forms, and what stands for it."""

    form: str
    stand_in: str


def known_forms(secret: str, stand_in: str) -> tuple[Known, ...]:
    """A secret as text may hold it: plain, JSON-escaped, in a URL, hexadecimal. Base64 is read, not searched."""
    raw = secret.encode("utf-8", "surrogatepass")
    texts = [secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]]
    # PHP writes slashes in JSON like this.
    texts.append(texts[1].replace("/", "\\/"))
    if secret.isascii():
        texts += [quote(secret, safe=""), quote(secret), quote_plus(secret)]
    texts += [raw.hex(), raw.hex().upper()]
    return tuple(Known(text, stand_in) for text in dict.fromkeys(texts) if len(text) >= MIN_LENGTH)


def edits_of(text: str, known: Sequence[Known]) -> list[Edit]:
    """Merged edits that leave no secret in a text. JSON stays JSON, and what holds no secret stays as it is."""
    return _Search.of(text, known).edits(text, 0)


def edits_of_field(text: str, name: str, known: Sequence[Known]) -> Sequence[Edit]:
    """As `edits_of`, for the string that a field of this name holds."""
    return _Search.of(text, known).of_value(text, name, 0)


def streamed_edits(documents: Sequence[tuple[int, str]], known: Sequence[Known]) -> list[Edit]:
    """Merged edits for the JSON documents of an event stream, as (where one starts, its text), read one after another.

    A string that comes in pieces, each in its own document at the same path, is read as one.
    """
    found = [leaf for start, text in documents for leaf in strings(text, start) or ()]
    return _of_groups(_by_path(found), known, 0)


def _of_groups(groups: Sequence[Sequence[String]], known: Sequence[Known], depth: int) -> list[Edit]:
    spoken = "\n".join("".join(one.text for one in group) for group in groups)
    search = _Search.of(spoken, known)
    return merged_edits(edit for group in groups for edit in search.in_group(group, depth))


def _by_path(found: Sequence[String]) -> list[list[String]]:
    groups: dict[str, list[String]] = {}
    for leaf in found:
        groups.setdefault(leaf.path, []).append(leaf)
    return list(groups.values())


def _by_given_name(found: Sequence[String]) -> Iterator[String]:
    """The strings, those of `{"name": "DB_PASSWORD", "value": …}` and `["Authorization", …]` under the name they are given."""
    given = {_owner(one): one.text for one in found if one.name in _NAMES and _is_secret_name(one.text)}
    before = None
    for one in found:
        if given and one.name in _VALUES and (name := given.get(_owner(one))):
            yield one._replace(name=name)
        elif before is not None and one.path == f"{before.path[:-3]}[1]" and _is_secret_name(before.text):
            yield one._replace(name=before.text)
        else:
            yield one
        before = one if one.path.endswith("[0]") else None


def _owner(one: String) -> str:
    return one.path.rpartition(".")[0]


def _is_secret_name(text: str) -> bool:
    return is_secret_field(text) or is_secret_header(text)


# Compared by identity: one is a part of the key of each string whose edits are kept, and `_searching` makes equal ones one.
@dataclass(frozen=True, slots=True, eq=False)
class _Search:
    """What is looked for in a document and all that it holds."""

    everything: tuple[Known, ...]
    known: tuple[Known, ...]
    shapes: tuple[KeyShape, ...]

    @classmethod
    def of(cls, text: str, known: Sequence[Known]) -> _Search:
        bare = text.replace("\\/", "/")
        # Escapes can spell a secret in many ways (`\u0041`), so a text with any may hold each of them.
        held = tuple(one for one in known if one.form in bare or "\\" in text)
        return _searching(tuple(known), held, tuple(relevant(bare)))

    def edits(self, text: str, depth: int) -> list[Edit]:
        if len(text) < _SHORTEST or depth > _DEPTH:
            return []
        found = strings(text)
        if found is None:
            return merged_edits(self._in_prose(text, depth))
        if text.lstrip()[0] == "[":
            return _of_groups(_by_path(found), self.everything, depth)
        escaped = [edit for one in self.known if "\\" in one.form for edit in _found(one, text)]
        named = _by_given_name(found)
        return merged_edits([*escaped, *(edit for one in named for edit in self.in_string(one, depth))])

    def in_string(self, one: String, depth: int) -> Iterator[Edit]:
        """Edits for a string that stands by itself."""
        text = one.text
        if new := self.of_value(text, one.name, depth):
            yield Edit(one.start, one.start + len(one.raw), quoted(applied(text, new), one.raw))

    def in_group(self, group: Sequence[String], depth: int) -> Iterator[Edit]:
        """Edits for the pieces of one string: what each holds, and what they hold together."""
        name = group[0].name
        texts = [leaf.text for leaf in group]
        # A field such as `type` comes with the same text in every event: joined it is only noise, thousands
        # of characters of it.
        together = self.of_value("".join(texts), name, depth) if len(set(texts)) > 1 else []
        alone = {text: self.of_value(text, name, depth) for text in dict.fromkeys(texts)}
        start = 0
        for leaf, text in zip(group, texts, strict=True):
            if new := merged_edits([*clipped_edits(together, start, start + len(text)), *alone[text]]):
                yield Edit(leaf.start, leaf.start + len(leaf.raw), quoted(applied(text, new), leaf.raw))
            start += len(text)

    def of_value(self, text: str, name: str, depth: int) -> Sequence[Edit]:
        return _kept(self, text, name, depth) if len(text) <= _KEPT else self.of_field(text, name, depth)

    def of_field(self, text: str, name: str, depth: int) -> list[Edit]:
        # A provider checks its signatures, so that they stay but for secrets that are known by value.
        if is_verified(name):
            return merged_edits(edit for one in self.known for edit in _found(one, text))
        if name and (is_secret_field(name) or _is_login(text, name)):
            return [] if stands_in(text) else [Edit(0, len(text), REDACTED)]
        return self.edits(text, depth + 1)

    def _in_prose(self, text: str, depth: int) -> Iterator[Edit]:
        for one in self.known:
            yield from _found(one, text)
        for shape in self.shapes:
            yield from (Edit(start, end, REDACTED) for start, end in shape.spans(text))
        yield from named_credentials(text)
        for start, end, inner in encoded_texts(text):
            # Everything that is known again, since `known` holds only what stands in the outer text as it is.
            if edits := _Search.of(inner, self.everything).edits(inner, depth + 1):
                yield Edit(start, end, encoded_again(applied(inner, edits), text[start:end]))


def _is_login(text: str, name: str) -> bool:
    """Whether a field is a user's name and password in base64, as in the configuration of Docker and npm."""
    logins = encoded_texts(text) if name.lower() in ("auth", "_auth") else ()
    return any(":" in inner for _, _, inner in logins)


@lru_cache(maxsize=256)
def _searching(
    everything: tuple[Known, ...], known: tuple[Known, ...], shapes: tuple[KeyShape, ...]
) -> _Search:
    return _Search(everything, known, shapes)


@lru_cache(maxsize=4096)
def _kept(search: _Search, text: str, name: str, depth: int) -> tuple[Edit, ...]:
    """The edits of a short string, which the requests of a run have in common with those before, and trials with others."""
    return tuple(search.of_field(text, name, depth))


def _found(known: Known, text: str) -> Iterator[Edit]:
    at = text.find(known.form)
    while at >= 0:
        yield Edit(at, at + len(known.form), known.stand_in)
        at = text.find(known.form, at + len(known.form))
