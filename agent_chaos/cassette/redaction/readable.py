"""A body as a scanner should read it: its strings under their names, streamed ones whole, without what a provider verifies."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from agent_chaos.cassette.redaction.opaque import is_verified
from agent_chaos.cassette.redaction.prose import stands_in
from agent_chaos.stream.exchange import Reply
from agent_chaos.stream.framing.registry import evident_framing
from agent_chaos.stream.json_strings import String, strings


def readable(reply: Reply) -> str:
    """A body as lines of `name = "text"`; as it is where it holds no JSON."""
    if framing := evident_framing(reply):
        told = [frame.data for frame in framing.frames_of(reply)]
        documents = [strings(text) for text in told]
        rest = [text for text, found in zip(told, documents, strict=True) if found is None]
        return "\n".join([_lines(one for found in documents for one in found or ()), *rest])
    text = reply.body.decode("utf-8", "replace")
    found = strings(text)
    return text if found is None else _lines(found)


def readable_value(value: Any) -> str:
    """A JSON value in the same lines."""
    return _lines(strings(json.dumps(value, default=str)) or ())


def _lines(found: Iterable[String]) -> str:
    names: dict[str, str] = {}
    texts: dict[str, list[str]] = {}
    for one in found:
        if not is_verified(one.name) and not stands_in(one.text):
            names[one.path] = one.name
            # Pieces of a stream joined: a secret that was streamed letter by letter is in none of its events.
            texts.setdefault(one.path, []).append(one.text)
    return "\n".join(_line(names[path], "".join(pieces)) for path, pieces in texts.items())


def _line(name: str, text: str) -> str:
    return f'{name} = "{text}"' if name else text
