"""What redaction replaced in a recording: which name or field, and in how many records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from agent_chaos.cassette.model import Cassette, Exchange
from agent_chaos.cassette.redaction.prose import REDACTED, SECRET_PLACEHOLDER
from agent_chaos.report.printable import bytes_as_text, one_line
from agent_chaos.stream.exchange import Headers


def replaced(cassette: Cassette) -> list[tuple[str, str, int]]:
    """Rows of (what stands there now, where, in how many calls or tool calls), the most frequent first."""
    found: Counter[tuple[str, str]] = Counter()
    for exchange in cassette.exchanges:
        found.update(set(_in_exchange(exchange)))
    for tool in cassette.tools:
        where = f"tool {tool.name}"
        found.update(
            {(mark, where) for mark in _marks(one_line([tool.arguments, tool.end.result, tool.end.error]))}
        )
    return [(mark, where, times) for (mark, where), times in found.most_common()]


def _in_exchange(exchange: Exchange) -> Iterator[tuple[str, str]]:
    request, reply = exchange.request, exchange.reply
    yield from ((mark, "the request's address") for mark in _marks(request.url))
    yield from _in_headers("request", request.headers)
    yield from _in_headers("reply", reply.headers)
    yield from ((mark, "the request's body") for mark in _marks(bytes_as_text(request.body)))
    yield from ((mark, "the reply's body") for mark in _marks(bytes_as_text(reply.body)))


def _in_headers(side: str, headers: Headers) -> Iterator[tuple[str, str]]:
    for name, value in headers:
        yield from ((mark, f"the {side}'s header {name.lower()}") for mark in _marks(value))


def _marks(text: str) -> Iterator[str]:
    yield from SECRET_PLACEHOLDER.findall(text)
    if REDACTED in text:
        yield REDACTED
