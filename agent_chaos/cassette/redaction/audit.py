"""Looks through a cassette for secrets that redaction missed, and for what cannot be looked through.

What redaction would replace is found with its own rules. A second opinion, with another list and another engine, reads
the same text without what a provider verifies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from agent_chaos.cassette.interchange.encoding import without_content_encoding
from agent_chaos.cassette.model import Cassette, Exchange, ToolRecord
from agent_chaos.cassette.redaction.header_names import is_cookie, is_secret_header
from agent_chaos.cassette.redaction.names import is_secret_parameter
from agent_chaos.cassette.redaction.prose import stands_in
from agent_chaos.cassette.redaction.readable import readable, readable_value
from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.stream.exchange import Data, End, Head, Headers, Reply, Request

Opinion: TypeAlias = Callable[[str], Sequence[str]]
"""From a text to the names of the secrets in it."""


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """Something in a cassette that should not be there, or that hides. The secret itself is not repeated.

    `record` and `where` say where; `unread` is True where nobody could look.
    """

    record: str
    where: str
    what: str
    unread: bool = False

    def __str__(self) -> str:
        return f"{self.record}: {self.what} in {self.where}"


def no_opinion(text: str) -> Sequence[str]:
    """The `Opinion` of nobody."""
    return ()


def findings(cassette: Cassette, redactor: Redactor, opinion: Opinion = no_opinion) -> Iterator[AuditFinding]:
    """Every secret in an open cassette, in order, and every body that could not be read."""
    look = _Look(redactor, opinion)
    yield from look.text("header", "its fields", cassette.header.model_dump_json())
    for exchange in cassette.exchanges:
        yield from look.exchange(exchange)
    for tool in cassette.tools:
        yield from look.tool(tool)
    for i, mark in enumerate(cassette.turns):
        yield from look.text(f"turn mark {i}", "its text", f"{mark.input}\n{mark.answer}")


@dataclass(frozen=True, slots=True)
class _Look:
    redactor: Redactor
    opinion: Opinion

    def exchange(self, exchange: Exchange) -> Iterator[AuditFinding]:
        record, request, reply = f"exchange {exchange.index}", exchange.request, exchange.reply
        for name, value in request.query:
            if is_secret_parameter(name) and not stands_in(value):
                yield AuditFinding(record, f"query parameter {name}", "a credential")
        yield from _in_headers(record, "request", request.headers)
        yield from _in_headers(record, "reply", reply.headers)
        # Secret parameters were looked at above, each by its name.
        if not any(is_secret_parameter(name) for name, _ in request.query):
            yield from self.text(record, "the request's URL", request.url)
        yield from self.text(record, "the request's headers", _joined(request.headers))
        yield from self.text(record, "the reply's headers", _joined(reply.headers))
        yield from self._body(record, "the request's body", _as_reply(request))
        yield from self._body(record, "the reply's body", reply)

    def tool(self, tool: ToolRecord) -> Iterator[AuditFinding]:
        record, where = f"tool call {tool.index}", "its arguments or outcome"
        outcome = {"arguments": tool.arguments, "result": tool.end.result, "error": tool.end.error}
        if self.redactor.value(outcome) != outcome:
            yield AuditFinding(record, where, "a secret")
        else:
            yield from self._second(record, where, readable_value(outcome))

    def text(self, record: str, where: str, text: str) -> Iterator[AuditFinding]:
        # Redaction itself decides: what it would still change is a secret that was recorded by an older
        # version, or written by hand.
        if self.redactor.text(text) != text:
            yield AuditFinding(record, where, "a secret")
        else:
            yield from self._second(record, where, text)

    def _body(self, record: str, where: str, reply: Reply) -> Iterator[AuditFinding]:
        plain = without_content_encoding(reply)
        # Never called clean: nobody has looked.
        if coding := plain.header("content-encoding"):
            yield AuditFinding(record, where, f"{coding}-encoded bytes that cannot be read here", unread=True)
        elif self.redactor.reply(plain).body != plain.body:
            yield AuditFinding(record, where, "a secret")
        else:
            yield from self._second(record, where, readable(plain))

    def _second(self, record: str, where: str, text: str) -> Iterator[AuditFinding]:
        yield from (
            AuditFinding(record, where, f"a secret ({name})") for name in dict.fromkeys(self.opinion(text))
        )


def _in_headers(record: str, side: str, headers: Headers) -> Iterator[AuditFinding]:
    for name, value in headers:
        if is_cookie(name) or (is_secret_header(name) and not stands_in(value)):
            yield AuditFinding(record, f"the {side}'s header {name}", "a credential")


def _joined(headers: Headers) -> str:
    """The values whose names say nothing; those of secret names are told by name."""
    return "\n".join(value for name, value in headers if not is_cookie(name) and not is_secret_header(name))


def _as_reply(request: Request) -> Reply:
    return Reply((Head(200, request.headers), Data(request.body), End()))
