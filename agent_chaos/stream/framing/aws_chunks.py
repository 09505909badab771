"""Amazon's event stream around the stream of another API: each message holds one of that API's events in base64.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html.
"""

from __future__ import annotations

import base64
import binascii
import json

from agent_chaos.stream.exchange import Reply
from agent_chaos.stream.framing.aws_events import AwsEvents
from agent_chaos.stream.framing.aws_messages import AwsMessage, messages

_CHUNK = "chunk"
_BYTES = "bytes"


class AwsChunks(AwsEvents):
    """A message's data is what its chunk holds, its name the `type` of that; exceptions are Amazon's own."""

    name = "aws_chunks"

    def holds(self, reply: Reply) -> bool:
        """As every stream of Amazon, where the first message is a chunk, or none came whole."""
        first = next(messages(reply.body), None) if super().holds(reply) else None
        return super().holds(reply) if first is None else super().event_of(first[2]) == _CHUNK

    def frame(self, data: str, *, event: str = "", newline: str = "\n") -> bytes:
        """One message; an `event` that is no exception stands in the data alone."""
        return super().frame(data, event=event if _is_exception(event) else _CHUNK)

    def event_of(self, message: AwsMessage) -> str:
        named = super().event_of(message)
        if named != _CHUNK:
            return named
        try:
            told = json.loads(self.data_of(message))
        except ValueError:
            return _CHUNK
        kind = told.get("type") if isinstance(told, dict) else None
        return kind if isinstance(kind, str) else _CHUNK

    def data_of(self, message: AwsMessage) -> str:
        """What the chunk holds; the payload itself where it is no chunk."""
        plain = super().data_of(message)
        try:
            held = json.loads(plain)[_BYTES]
            return base64.b64decode(held, validate=True).decode("utf-8", "surrogateescape")
        except (ValueError, KeyError, TypeError, binascii.Error):
            return plain

    def payload(self, data: str, event: str, before: bytes) -> bytes:
        """The chunk around data, with what stood beside it; what fills it up stays as long as it was."""
        # Bedrock pads chunks with a field `p` of random length, against guesses by the size of a packet; it
        # stands beside the data and stays.
        written = super().payload(data, event, before)
        if _is_exception(event):
            return written
        held = {_BYTES: base64.b64encode(written).decode()}
        return json.dumps({**(json.loads(before) if before else {}), **held}, separators=(",", ":")).encode()


def _is_exception(event: str) -> bool:
    return event.endswith("Exception")


FRAMING = AWS_CHUNKS = AwsChunks()
