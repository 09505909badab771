"""The connection fails before a reply: a family of transport errors that differ in values only."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from agent_chaos.faults.family import Frequency
from agent_chaos.faults.fault import Drawn, Seconds
from agent_chaos.faults.parts.no_reply import NoReply, NoReplyInTime
from agent_chaos.stream.exchange import AbortKind


class ConnectError(NoReply, frozen=True):
    """The connection is refused.

    Source: googleapis/python-genai#1356 and the connection errors of every SDK.
    """

    frequency = Frequency.SOMETIMES
    transparent = True
    abort: ClassVar[AbortKind] = "refused"
    words = "connection refused"

    kind: Literal["connect_error"] = "connect_error"


class DnsError(NoReply, frozen=True):
    """The name does not resolve.

    Source: RFC 9110 section 7.3; clients report it as they do a refused connection.
    """

    frequency = Frequency.SOMETIMES
    transparent = True
    abort: ClassVar[AbortKind] = "dns"
    words = "the host name does not resolve"

    kind: Literal["dns_error"] = "dns_error"


class TlsError(NoReply, frozen=True):
    """The certificate cannot be verified.

    Source: RFC 9110 section 4.3.4; SDKs retry it, which never helps.
    """

    frequency = Frequency.RARE
    abort: ClassVar[AbortKind] = "tls"
    words = "the certificate cannot be verified"

    kind: Literal["tls_error"] = "tls_error"


class WriteError(NoReply, frozen=True):
    """The connection breaks while the request is sent.

    Source: RFC 9112 section 9.6; an idle connection that the server had closed.
    """

    frequency = Frequency.RARE
    transparent = True
    abort: ClassVar[AbortKind] = "write_error"
    words = "connection broken while the request was sent"

    kind: Literal["write_error"] = "write_error"


class BadProtocol(NoReply, frozen=True):
    """An illegal status line.

    Source: RFC 9112 section 4; genai passes it on raw, whatever its retry options.
    """

    frequency = Frequency.HOSTILE
    transparent = True
    abort: ClassVar[AbortKind] = "bad_protocol"
    words = "an answer that is not HTTP"

    kind: Literal["bad_protocol"] = "bad_protocol"


class ResetBeforeHeaders(NoReply, frozen=True):
    """The connection closes after the request, before any reply byte.

    Source: BerriAI/litellm#4008, agno-agi/agno#4335.
    """

    frequency = Frequency.EVERYDAY
    transparent = True
    abort: ClassVar[AbortKind] = "disconnected"
    words = "connection closed before the reply"

    kind: Literal["reset_before_headers"] = "reset_before_headers"


class ResetAtOnce(NoReply, frozen=True):
    """RST instead of a reply: the server had closed an idle connection, or fell over.

    Source: googleapis/python-genai#1356.
    """

    frequency = Frequency.SOMETIMES
    transparent = True
    abort: ClassVar[AbortKind] = "reset"
    words = "connection reset before the reply"

    kind: Literal["reset_at_once"] = "reset_at_once"


class ConnectTimeout(NoReplyInTime, frozen=True):
    """Nobody answers the connection: the client's own limit strikes, or the network gives up after `seconds`.

    Source: the connect timeouts of the SDKs (5 s at Anthropic and OpenAI).
    """

    frequency = Frequency.SOMETIMES
    abort: ClassVar[AbortKind] = "connect_timeout"
    words = "no connection"

    kind: Literal["connect_timeout"] = "connect_timeout"


class WriteTimeout(NoReplyInTime, frozen=True):
    """Nobody takes the request: the client's own limit strikes, or the network gives up after `seconds`.

    Source: the write timeouts of httpx, https://www.python-httpx.org/advanced/timeouts/.
    """

    frequency = Frequency.RARE
    abort: ClassVar[AbortKind] = "write_timeout"
    words = "the request is not taken"

    kind: Literal["write_timeout"] = "write_timeout"


class PoolTimeout(NoReplyInTime, frozen=True):
    """Every connection of the pool is busy: the client's own limit strikes, or it gives up after `seconds`.

    Source: BerriAI/litellm#38082, langchain-ai/langchain#13509 (abandoned streams exhaust the pool).
    """

    frequency = Frequency.SOMETIMES
    abort: ClassVar[AbortKind] = "pool_timeout"
    words = "no free connection"

    kind: Literal["pool_timeout"] = "pool_timeout"


class TimeoutBeforeHeaders(NoReplyInTime, frozen=True):
    """No byte arrives: the client's own read timeout strikes, or the network gives up after `seconds`.

    Source: pydantic/pydantic-ai#4031, googleapis/java-genai#548 (a client without a timeout waits for as long as this
    lasts).
    """

    frequency = Frequency.EVERYDAY
    abort: ClassVar[AbortKind] = "read_timeout"
    words = "no reply"

    kind: Literal["timeout_before_headers"] = "timeout_before_headers"
    seconds: Annotated[Seconds, Drawn(30, 3_600)]
