"""A provider's HTTP error in place of its reply, as the protocol spells it. The faults that do so differ in values only."""

from __future__ import annotations

import json
from abc import ABC
from dataclasses import replace
from typing import Any, ClassVar

from agent_chaos.faults.fault import Choice, Target, TransportFault
from agent_chaos.providers.turn import ErrorKind
from agent_chaos.stream.exchange import Data, Reply, delayed, with_header


class ProviderError(TransportFault, ABC):
    """The provider's own error for `error`, with another message where one is given; `words` are the report's."""

    changes = ("turn",)
    error: ClassVar[ErrorKind]
    words: ClassVar[str]

    message: str = ""

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return answerable(target)

    def apply(self, target: Target) -> Reply:
        return with_message(provider_error(target, self.error), self.message)

    def describe(self) -> str:
        return self.words


def answerable(target: Target) -> tuple[Choice, ...]:
    """One opening wherever the recorded exchange succeeded."""
    return ({},) if target.reply.ok else ()


def provider_error(target: Target, kind: ErrorKind, *, retry_after_s: int | None = None) -> Reply:
    """The error, arriving when the first byte of the reply would have."""
    if not target.reply.ok or target.reply.head is None:
        return target.reply
    error = target.protocol.error_reply(kind, target.request, retry_after_s=retry_after_s)
    # A retry waits from there: an error that came at once would make the run shorter than any real one.
    return delayed(error, target.reply.head.at - error.begins_at)


def with_message(reply: Reply, message: str) -> Reply:
    """The error with another message; the same where there is none to set, or no body that holds one."""
    return with_error(reply, {"message": message}) if message else reply


def with_error(reply: Reply, fields: dict[str, Any]) -> Reply:
    """The error with other values in its error object; the same where no body holds one."""
    body = _changed(reply.json, fields) if reply.head is not None else None
    if body is None or reply.head is None:
        return reply
    data = json.dumps(body, ensure_ascii=False).encode()
    head = replace(reply.head, headers=with_header(reply.head.headers, "content-length", str(len(data))))
    at = next((event.at for event in reply.events if isinstance(event, Data)), reply.head.at)
    kept = [event for event in reply.events[1:] if not isinstance(event, Data)]
    return Reply((head, Data(data, at=at), *kept))


def _changed(body: Any, fields: dict[str, Any]) -> Any:
    """A body whose error has other values; None where it has no error, or none that holds such values."""
    if isinstance(body, list):  # Gemini's, where it is asked for a stream without `alt=sse`
        first = _changed(body[0], fields) if body else None
        return None if first is None else [first, *body[1:]]
    if not isinstance(body, dict):
        return None
    error, message = body.get("error"), fields.get("message")
    if isinstance(error, dict):
        return {**body, "error": {**error, **fields}}
    if "error" not in body and "message" in body:  # Amazon's and Mistral's error is the body itself
        return {**body, **fields}
    place = "error" if isinstance(error, str) else "detail"  # Ollama's error is the message itself
    return {**body, place: message} if place in body and message is not None else None
