"""Cassettes of Ruby's VCR, YAML or JSON: https://benoittgt.github.io/vcr/#/cassettes/serializer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any

from agent_chaos.cassette.interchange.format import Contents, Interaction, RecordingFormat
from agent_chaos.cassette.interchange.reading import body_bytes, each, headers_of, received
from agent_chaos.stream.exchange import Head, Request


def _recognises(document: Mapping[str, Any]) -> bool:
    return isinstance(document.get("http_interactions"), list)


def _read(document: Mapping[str, Any]) -> Contents:
    found = tuple(each(document["http_interactions"], _interaction))
    # Interactions without a date are left at the beginning; as times of day they would be decades before the
    # rest.
    first = min((one.at for one in found if one.at), default=0.0)
    return Contents(tuple(replace(one, at=max(0.0, one.at - first)) for one in found))


def _interaction(raw: Mapping[str, Any]) -> Interaction:
    asked, answer = raw["request"], raw["response"]
    request = Request(
        str(asked["method"]).upper(),
        str(asked["uri"]),
        headers_of(asked.get("headers")),
        body_bytes(asked.get("body")),
    )
    status = answer["status"]
    head = Head(int(status["code"]), headers_of(answer.get("headers")), 0.0, str(status.get("message") or ""))
    return Interaction(
        request, received(head, body_bytes(answer.get("body"))), at=_epoch(raw.get("recorded_at"))
    )


def _epoch(recorded_at: Any) -> float:
    """Seconds since the epoch of a date as HTTP writes it; 0 where it is none."""
    try:
        return parsedate_to_datetime(str(recorded_at)).timestamp()
    except (ValueError, TypeError):
        return 0.0


FORMAT = RecordingFormat("Ruby VCR", _recognises, _read)
