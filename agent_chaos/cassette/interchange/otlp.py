"""OTLP's JSON, in which OpenTelemetry's exporters write spans: spans as they lie in it, and their attributes as plain values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from agent_chaos.cassette.interchange.traces import ModelCall, TracedCall
from agent_chaos.providers.json_values import fields, items, text_of


def is_otlp(document: Mapping[str, Any]) -> bool:
    """Whether a document holds spans."""
    return isinstance(document.get("resourceSpans"), list)


def spans_of(document: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Every span with its attributes."""
    for resource in items(document["resourceSpans"]):
        for scope in items(fields(resource).get("scopeSpans")):
            for span in map(fields, items(fields(scope).get("spans"))):
                yield span, _attributes(span)


def traced_calls(
    spans: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]],
    read: Callable[[Mapping[str, Any], Mapping[str, Any]], ModelCall],
) -> Iterator[TracedCall]:
    """Spans that are calls of a model, each read from itself and its attributes."""
    for span, attributes in spans:
        yield TracedCall(
            text_of(span.get("spanId")), f"span {span.get('name')!r}", partial(read, span, attributes)
        )


def _attributes(span: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the span and of its events, where some instrumentations put the messages."""
    own = items(span.get("attributes"))
    beside = [one for event in items(span.get("events")) for one in items(fields(event).get("attributes"))]
    return {
        # The span's own last, so that they hold where an event has one of the same name.
        text_of(fields(one).get("key")): _value(fields(fields(one).get("value")))
        for one in (*beside, *own)
    }


def _value(told: Mapping[str, Any]) -> Any:
    """A value of OTLP's JSON, in which whole numbers are texts."""
    for kind, value in told.items():
        match kind:
            case "intValue":
                return int(value) if str(value).lstrip("-").isdecimal() else 0
            case "arrayValue":
                return [_value(fields(one)) for one in items(fields(value).get("values"))]
            case "kvlistValue":
                return {
                    text_of(fields(one).get("key")): _value(fields(fields(one).get("value")))
                    for one in items(fields(value).get("values"))
                }
            case _:
                return value
    return None
