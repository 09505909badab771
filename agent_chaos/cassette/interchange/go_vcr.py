"""Cassettes of go-vcr, versions 1 to 4: https://github.com/dnaeon/go-vcr/blob/v4/pkg/cassette/cassette.go."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from agent_chaos.cassette.interchange.format import Contents, Interaction, RecordingFormat
from agent_chaos.cassette.interchange.reading import body_bytes, each, headers_of, received
from agent_chaos.stream.exchange import Head, Request

_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s|µs|us|ns)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "µs": 1e-6, "us": 1e-6, "ns": 1e-9}


def _recognises(document: Mapping[str, Any]) -> bool:
    interactions = document.get("interactions")
    if not isinstance(interactions, list) or not interactions:
        return False
    first = interactions[0]
    asked = first.get("request") if isinstance(first, dict) else None
    return isinstance(asked, dict) and "url" in asked and "uri" not in asked


def _read(document: Mapping[str, Any]) -> Contents:
    return Contents(tuple(each(document["interactions"], _interaction)))


def _interaction(raw: Mapping[str, Any]) -> Interaction:
    asked, answer = raw["request"], raw["response"]
    request = Request(
        str(asked["method"]).upper(),
        str(asked["url"]),
        headers_of(asked.get("headers")),
        body_bytes(asked.get("body")),
    )
    took_s = _seconds(answer.get("duration"))
    # Go has status and reason in one text, `200 OK`.
    reason = str(answer.get("status") or "").partition(" ")[2]
    head = Head(int(answer["code"]), headers_of(answer.get("headers")), took_s, reason)
    return Interaction(request, received(head, body_bytes(answer.get("body")), ended_at=took_s))


def _seconds(duration: Any) -> float:
    """A Go duration (`1.2s`, `1m0.5s`), or nanoseconds as a number; 0 where there is none."""
    if isinstance(duration, int | float):
        return duration * 1e-9
    return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(str(duration or "")))


FORMAT = RecordingFormat("go-vcr", _recognises, _read)
