"""JSON text changed as little as possible: what a server wrote stays as it wrote it, but for the values that differ.

Key order, spacing, indents and the spelling of strings and numbers are the text's own; what is new is written in its style.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from agent_chaos.providers.parts.json_text import JsonMember, JsonNode, nodes_of

_CHARACTER = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL
)
# Control characters are escaped by everybody, so that only other letters tell the habit.
_ESCAPED_LETTER = re.compile(r"\\u(?!00[01])")
_SHORT = 16_384
"""Characters of a text whose reading is kept for the next change of it."""
_INDENT = re.compile(r"[\[{](\r?\n)([ \t]+)\S")


def rewritten(text: str, value: Any) -> str:
    """The text of a JSON value with the least of it changed so that it reads as `value`; ValueError where it is no JSON."""
    before, node, style = (_kept if len(text) <= _SHORT else _read)(text)
    return text[: node.start] + _Edit(text, style).value(node, before, value, 0) + text[node.end :]


def _read(text: str) -> tuple[Any, JsonNode, _Style]:
    """What a text says, where each value stands in it, and how it is written."""
    return json.loads(text, strict=False), nodes_of(text), _style_of(text)


@lru_cache(maxsize=64)
def _kept(text: str) -> tuple[Any, JsonNode, _Style]:
    """As `_read`: faults change one recorded reply in dozens of ways. Nobody may change what it says."""
    return _read(text)


def styled(value: Any, like: str) -> str:
    """A value as JSON in the spacing of another JSON text."""
    return _style_of(like).dump(value, 0)


@dataclass(frozen=True, slots=True)
class _Style:
    """How a text writes JSON: after a comma, after a colon, line end and indent of a level, other scripts escaped."""

    comma: str
    colon: str
    newline: str
    indent: str
    escaped: bool

    def dump(self, value: Any, depth: int) -> str:
        """A new value, at a depth of the text."""
        comma = "," if self.indent else "," + self.comma
        text = json.dumps(
            value,
            ensure_ascii=self.escaped,
            separators=(comma, ":" + self.colon),
            indent=self.indent or None,
        )
        return text.replace("\n", self.newline + self.indent * depth) if self.indent else text

    def string(self, text: str) -> str:
        """The inside of a new string."""
        return json.dumps(text, ensure_ascii=self.escaped)[1:-1]


def _style_of(text: str) -> _Style:
    indented = _INDENT.match(text.lstrip())
    colon = re.search(r'"\s*:(\s*)', text)
    comma = re.search(r'[\]}"el\d],([ ]*)["\[{]', text)
    return _Style(
        comma[1] if comma else " " if colon and colon[1] else "",
        colon[1] if colon else "",
        indented[1] if indented else "",
        indented[2] if indented else "",
        text.isascii() and bool(_ESCAPED_LETTER.search(text)),
    )


@dataclass(frozen=True, slots=True)
class _Edit:
    text: str
    style: _Style

    def value(self, node: JsonNode, before: Any, after: Any, depth: int) -> str:
        """The text of a node, changed so that it reads as `after`."""
        if _same(before, after):
            return self.text[node.start : node.end]
        if isinstance(before, dict) and isinstance(after, dict):
            return self._object(node, before, after, depth)
        if isinstance(before, list) and isinstance(after, list):
            return self._array(node, before, after, depth)
        if isinstance(before, str) and isinstance(after, str):
            return f'"{self._string(node, after)}"'
        return self.style.dump(after, depth)

    def _object(self, node: JsonNode, before: dict[str, Any], after: dict[str, Any], depth: int) -> str:
        # Python's parser takes the last one as well; the earlier ones are left as they stand.
        last = {
            member.key: member for member in node.members
        }  # of a key that stands twice, the last one counts
        kept = [one for one in node.members if one.key in after]
        bodies = [
            self.text[one.key_start : one.node.start]
            + (
                self.value(one.node, before[one.key], after[one.key], depth + 1)
                if last[one.key] is one
                else self._raw(one)
            )
            + self._before_comma(one, node)
            for one in kept
        ]
        new = [
            f"{json.dumps(key, ensure_ascii=self.style.escaped)}:{self.style.colon}{self.style.dump(one, depth + 1)}"
            for key, one in after.items()
            if key not in before
        ]
        return self._joined(node, "{}", kept, bodies + new, depth)

    def _array(self, node: JsonNode, before: list[Any], after: list[Any], depth: int) -> str:
        # From both ends, so that one element that came or went leaves the spelling of all others alone.
        head = _agreeing(before, after)
        tail = _agreeing(before[head:][::-1], after[head:][::-1])
        middle = min(len(before), len(after)) - head - tail
        old = [*range(head + middle), *range(len(before) - tail, len(before))]
        bodies = [self._raw(node.members[at]) for at in range(head)]
        for at in range(head, len(after) - tail):
            if at < head + middle:
                bodies.append(self.value(node.members[at].node, before[at], after[at], depth + 1))
            else:
                bodies.append(self._new_element(node, before, after[at], depth + 1))
        bodies += [self._raw(node.members[at]) for at in range(len(before) - tail, len(before))]
        return self._joined(node, "[]", [node.members[at] for at in old], bodies, depth)

    def _new_element(self, node: JsonNode, before: list[Any], after: Any, depth: int) -> str:
        """A new element, written as the last one of the same keys is."""
        for member, one in zip(reversed(node.members), reversed(before), strict=True):
            if isinstance(one, dict) and isinstance(after, dict) and one.keys() == after.keys():
                return self.value(member.node, one, after, depth)
        return self.style.dump(after, depth)

    def _joined(
        self, node: JsonNode, brackets: str, kept: Sequence[JsonMember], bodies: Sequence[str], depth: int
    ) -> str:
        """Members with the spaces that those of the node have around them."""
        if not bodies:
            return brackets
        first, between, end = self._spaces(node, depth)
        leads = [first] + [
            self.text[one.start : one.key_start] if one is not node.members[0] else between
            for one in kept[1:]
        ]
        leads += [between] * (len(bodies) - len(leads))
        leads = leads[: len(bodies)]
        written = ",".join(lead + body for lead, body in zip(leads, bodies, strict=True))
        return brackets[0] + written + end + brackets[1]

    def _spaces(self, node: JsonNode, depth: int) -> tuple[str, str, str]:
        """What stands before the first member, before the others, and after the last."""
        if not node.members:
            inside = self.style.newline + self.style.indent * (depth + 1) if self.style.indent else ""
            outside = self.style.newline + self.style.indent * depth if self.style.indent else ""
            return inside, inside or self.style.comma, outside
        one, last = node.members[0], node.members[-1]
        first = self.text[one.start : one.key_start]
        more = node.members[1:2]
        between = self.text[more[0].start : more[0].key_start] if more else first or self.style.comma
        return first, between, self.text[last.node.end : last.end]

    def _before_comma(self, member: JsonMember, node: JsonNode) -> str:
        return self.text[member.node.end : member.end] if member is not node.members[-1] else ""

    def _raw(self, member: JsonMember) -> str:
        return self.text[member.node.start : member.node.end]

    def _string(self, node: JsonNode, after: str) -> str:
        """The string's own spelling as far as it agrees from both ends."""
        inside = self.text[node.start + 1 : node.end - 1]
        # Character by character as spelled: `\u00e9` and `é` are one character, and each provider has its
        # own habit.
        spelled = _CHARACTER.findall(inside) if "\\" in inside else list(inside)
        plain = [json.loads(f'"{one}"') if one[0] == "\\" else one for one in spelled]
        head = _agreeing(plain, after)
        tail = _agreeing(plain[head:][::-1], after[head:][::-1])
        middle = self.style.string(after[head : len(after) - tail])
        return "".join(spelled[:head]) + middle + "".join(spelled[len(spelled) - tail :])


def _same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal, numbers and truth values told apart."""
    if one is other:
        return True
    # `True == 1` and `1 == 1.0` in Python; on the wire they are different bytes. What Python calls different is, at any depth.
    if type(one) is not type(other) or one != other:
        return False
    if isinstance(one, dict):
        return all(_same(value, other[key]) for key, value in one.items())
    return not isinstance(one, list) or all(map(_same, one, other))


def _agreeing(before: Sequence[Any], after: Sequence[Any]) -> int:
    """How many elements are equal from the start."""
    return next(
        (at for at, (one, other) in enumerate(zip(before, after, strict=False)) if not _same(one, other)),
        min(len(before), len(after)),
    )
