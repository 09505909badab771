"""Amazon's event stream, as Bedrock Runtime streams: binary messages that are sealed by their lengths and checksums."""

from __future__ import annotations

from collections.abc import Iterator

from agent_chaos.stream.exchange import Reply
from agent_chaos.stream.framing.aws_messages import (
    CONTENT_TYPE,
    AwsMessage,
    begins_message,
    messages,
    text_headers,
)
from agent_chaos.stream.framing.framing import Frame, Framing

_EXCEPTION = "Exception"


class AwsEvents(Framing):
    """A message's name is its `:event-type` or `:exception-type`, its data the JSON of its payload.

    Names that end in `Exception` are those of exceptions, as in every AWS API. What follows a damaged message is one
    incomplete frame.
    """

    name = "aws_events"
    content_type = CONTENT_TYPE
    sealed = True

    def holds(self, reply: Reply) -> bool:
        """By the prelude of the first message; by the content type of a body that does not begin as JSON does."""
        named = reply.header("content-type").startswith(self.content_type)
        return begins_message(reply.body) or (named and reply.body.lstrip()[:1] not in (b"{", b"["))

    def frames(self, body: bytes) -> tuple[Frame, ...]:
        return tuple(self._frames(body))

    def frame(self, data: str, *, event: str = "", newline: str = "\n") -> bytes:
        """One message; `event` says whether it is an exception."""
        kind = "exception" if event.endswith(_EXCEPTION) else "event"
        headers = text_headers(
            (f":{kind}-type", event), (":content-type", "application/json"), (":message-type", kind)
        )
        return AwsMessage(headers, self.payload(data, event, b"")).written()

    def with_data(self, one: Frame, data: str) -> bytes:
        """The message with other data in its payload, its headers as they were."""
        if not one.complete:
            return one.raw
        ((_, _, message),) = messages(one.raw)
        return AwsMessage(message.headers, self.payload(data, one.event, message.payload)).written()

    def event_of(self, message: AwsMessage) -> str:
        """What a message is called."""
        names = (":event-type", ":exception-type", ":error-code")
        return next(filter(None, map(message.header, names)), "")

    def data_of(self, message: AwsMessage) -> str:
        """What a message carries, as text."""
        return message.payload.decode("utf-8", "surrogateescape")

    def payload(self, data: str, event: str, before: bytes) -> bytes:
        """The payload that carries data, in the place of the one before, if any."""
        # A lone surrogate, which JSON can hold as an escape and UTF-8 cannot hold at all, is written as its
        # escape again.
        return data.encode("utf-8", "backslashreplace")

    def _frames(self, body: bytes) -> Iterator[Frame]:
        used = 0
        for start, end, message in messages(body):
            data = self.data_of(message)
            yield Frame(body[start:end], self.event_of(message), data, start, end, bool(data))
            used = end
        if used < len(body):
            yield Frame(body[used:], "", "", used, len(body), has_data=False, complete=False)


FRAMING = AWS_EVENTS = AwsEvents()
