"""The connection fails before a reply: a family of transport errors that differ in values only."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Le

from agent_chaos.faults.fault import Drawn
from agent_chaos.faults.parts.no_reply import NoReply, NoReplyInTime
from agent_chaos.stream.exchange import AbortKind


class ConnectError(NoReply, frozen=True):
    """The connection is refused. Source: T1; python-genai#1356 and the SDKs' connection errors."""

    transparent = True
    abort: ClassVar[AbortKind] = "refused"
    words = "connection refused"

    kind: Literal["connect_error"] = "connect_error"


class DnsError(NoReply, frozen=True):
    """The name does not resolve. Source: T1; clients report it as they do a refused connection."""

    transparent = True
    abort: ClassVar[AbortKind] = "dns"
    words = "the host name does not resolve"

    kind: Literal["dns_error"] = "dns_error"


class TlsError(NoReply, frozen=True):
    """The certificate cannot be verified. Source: T3; SDKs retry it, which never helps."""

    abort: ClassVar[AbortKind] = "tls"
    words = "the certificate cannot be verified"

    kind: Literal["tls_error"] = "tls_error"


class WriteError(NoReply, frozen=True):
    """The connection breaks while the request is sent. Source: T9; an idle connection that the server had closed."""

    transparent = True
    abort: ClassVar[AbortKind] = "write_error"
    words = "connection broken while the request was sent"

    kind: Literal["write_error"] = "write_error"


class BadProtocol(NoReply, frozen=True):
    """An illegal status line. Source: T7; genai passes it on raw, whatever its retry options."""

    transparent = True
    abort: ClassVar[AbortKind] = "bad_protocol"
    words = "an answer that is not HTTP"

    kind: Literal["bad_protocol"] = "bad_protocol"


class ResetBeforeHeaders(NoReply, frozen=True):
    """The connection closes after the request, before any reply byte. Source: T4; litellm#4008, agno#4335."""

    transparent = True
    abort: ClassVar[AbortKind] = "disconnected"
    words = "connection closed before the reply"

    kind: Literal["reset_before_headers"] = "reset_before_headers"


class ResetAtOnce(NoReply, frozen=True):
    """RST instead of a reply: the server had closed an idle connection, or fell over. Source: T4; python-genai#1356."""

    transparent = True
    abort: ClassVar[AbortKind] = "reset"
    words = "connection reset before the reply"

    kind: Literal["reset_at_once"] = "reset_at_once"


class ConnectTimeout(NoReplyInTime, frozen=True):
    """Nobody answers the connection: the client's own limit strikes, or the network gives up after `seconds`. Source: T2."""

    abort: ClassVar[AbortKind] = "connect_timeout"
    words = "no connection"

    kind: Literal["connect_timeout"] = "connect_timeout"


class WriteTimeout(NoReplyInTime, frozen=True):
    """Nobody takes the request: the client's own limit strikes, or the network gives up after `seconds`. Source: T9."""

    abort: ClassVar[AbortKind] = "write_timeout"
    words = "the request is not taken"

    kind: Literal["write_timeout"] = "write_timeout"


class PoolTimeout(NoReplyInTime, frozen=True):
    """Every connection of the pool is busy: the client's own limit strikes, or it gives up after `seconds`.

    Source: T8; litellm#38082, langchain#13509 (abandoned streams exhaust the pool).
    """

    abort: ClassVar[AbortKind] = "pool_timeout"
    words = "no free connection"

    kind: Literal["pool_timeout"] = "pool_timeout"


class TimeoutBeforeHeaders(NoReplyInTime, frozen=True):
    """No byte arrives: the client's own read timeout strikes, or the network gives up after `seconds`.

    Source: T5, S5; pydantic-ai#4031, java-genai#548 (a client without a timeout waits for as long as this lasts).
    """

    abort: ClassVar[AbortKind] = "read_timeout"
    words = "no reply"

    kind: Literal["timeout_before_headers"] = "timeout_before_headers"
    seconds: Annotated[int | float, Ge(0), Le(1_000_000), Drawn(30, 3_600)]
