"""JSON lines (https://jsonlines.org, `application/x-ndjson`): one JSON value a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from agent_chaos.stream.exchange import Reply
from agent_chaos.stream.framing.framing import Frame, Framing

_CONTENT_TYPES = (
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/x-jsonlines",
)
# By line feeds alone: other letters that end lines in Python may stand in JSON strings as they are.
_LINE = re.compile(rb"[^\n]*(?:\n|\Z)")
# Two objects, not one: a whole reply is a JSON object with a line end as well.
_SEVERAL = re.compile(rb"\s*\{[^\n]*\}[ \t]*\r?\n\s*\{")


class JsonLines(Framing):
    """A line for each message; blank lines are passed over, and the last line may lack its end."""

    name = "json_lines"
    content_type = "application/x-ndjson"
    carries = frozenset({"respellings"})

    def holds(self, reply: Reply) -> bool:
        """By the content type, or by a second object behind the first line."""
        named = reply.header("content-type").startswith(_CONTENT_TYPES)
        return named or bool(_SEVERAL.match(reply.body))

    def frames(self, body: bytes) -> tuple[Frame, ...]:
        return tuple(_read(body, start, end) for start, end in _lines(body))

    def frame(self, data: str, *, event: str = "", newline: str = "\n") -> bytes:
        """One line; JSON written over several lines is joined into one."""
        return (_in_one_line(data) + newline).encode("utf-8", "backslashreplace")

    def with_data(self, one: Frame, data: str) -> bytes:
        end = one.raw[len(one.raw.rstrip(b"\r\n")) :]
        return _in_one_line(data).encode("utf-8", "backslashreplace") + end

    def respellings(self, raw: bytes) -> Mapping[str, bytes]:
        """Other line ends."""
        one_end = raw.replace(b"\r\n", b"\n")
        return {"crlf": one_end.replace(b"\n", b"\r\n"), "lf": one_end}


def _lines(body: bytes) -> Iterator[tuple[int, int]]:
    for line in _LINE.finditer(body):
        if line[0]:
            yield line.span()


def _read(body: bytes, start: int, end: int) -> Frame:
    raw = body[start:end]
    # A line cut in the middle of a letter must still be a frame; `raw` keeps its bytes.
    data = raw.strip().decode("utf-8", "replace")
    return Frame(raw, "", data, start, end, bool(data), raw.endswith(b"\n") or _whole(data))


def _whole(data: str) -> bool:
    """Whether a last line without an end is a message all the same."""
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True


def _in_one_line(data: str) -> str:
    # Line ends outside of strings are allowed in JSON and end a message here; inside they are escaped, and
    # stay so.
    return data if "\n" not in data and "\r" not in data else json.dumps(json.loads(data), ensure_ascii=False)


FRAMING = JSON_LINES = JsonLines()
