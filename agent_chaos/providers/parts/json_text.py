"""Where the values of a JSON text stand in it, so that one of them can be changed and the rest left alone."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

_SPACE = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r'"(?:[^"\\]|\\.)*+"|[^\s,\]}]+', re.DOTALL)


@dataclass(frozen=True, slots=True)
class JsonNode:
    """One value: `text[start:end]`, and its members where it is an object or an array."""

    start: int
    end: int
    members: tuple[JsonMember, ...] = ()


@dataclass(frozen=True, slots=True)
class JsonMember:
    """One member of an object, or one element of an array, whose `key` is empty.

    `text[start:end]` is all between the commas (or brackets) around it; its key begins at `key_start`, where an element's
    value begins.
    """

    start: int
    end: int
    key: str
    key_start: int
    node: JsonNode


def nodes_of(text: str) -> JsonNode:
    """The tree of a text that `json.loads` reads."""
    return _node(text, _after_space(text, 0))


def _node(text: str, start: int) -> JsonNode:
    if text[start] not in "{[":
        found = _SCALAR.match(text, start)
        assert found is not None
        return JsonNode(start, found.end())
    members: list[JsonMember] = []
    at = start + 1
    while True:
        begun = _after_space(text, at)
        if text[begun] in "}]":  # an empty object or array; a comma is never followed by its end
            return JsonNode(start, begun + 1)
        one = _member(text, at, begun, keyed=text[start] == "{")
        members.append(one)
        if text[one.end] in "}]":
            return JsonNode(start, one.end + 1, tuple(members))
        at = one.end + 1


def _member(text: str, start: int, begun: int, *, keyed: bool) -> JsonMember:
    key, at = "", begun
    if keyed:
        found = _SCALAR.match(text, begun)
        assert found is not None
        key = json.loads(found[0], strict=False)
        at = _after_space(text, _after_space(text, found.end()) + 1)
    node = _node(text, at)
    return JsonMember(start, _after_space(text, node.end), key, begun, node)


def _after_space(text: str, start: int) -> int:
    found = _SPACE.match(text, start)
    assert found is not None
    return found.end()
