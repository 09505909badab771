"""What the models of the installed SDKs say about recorded replies: a field that is gone, of another type, or new."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from agent_chaos.cassette.model import Cassette, Exchange
from agent_chaos.providers.registry import protocols
from agent_chaos.report.printable import clipped, count
from agent_chaos.search.corpus.failure_files import installed_version

_SDKS = {
    "anthropic_messages": ("anthropic", "anthropic.types", "Message", "RawMessageStreamEvent"),
    "openai_chat": ("openai", "openai.types.chat", "ChatCompletion", "ChatCompletionChunk"),
    "openai_responses": ("openai", "openai.types.responses", "Response", "ResponseStreamEvent"),
    "gemini": ("google-genai", "google.genai.types", "GenerateContentResponse", "GenerateContentResponse"),
}
"""By protocol: the SDK's package, and its models of a whole reply and of a stream's event; others are not looked at."""
_BESIDE = {"ping", "error"}
"""Events of a stream that SDKs take out before their models see them."""


def drift(cassette: Cassette) -> Iterator[str]:
    """Where recorded replies and the models of the installed SDKs differ; a line for each SDK and kind of difference.

    SDKs read replies leniently, so that a difference shows only where the agent uses the field.
    """
    unfit: Counter[tuple[str, str]] = Counter()
    unknown: dict[str, Counter[str]] = {}
    for exchange in cassette.exchanges:
        package, model = _model(exchange)
        if model is None:
            continue
        for value in _messages(exchange):
            try:
                # Validated in full: anthropic and openai construct their models without, and would read anything.
                new = _unknown(model.validate_python(value))
            except ValidationError as exc:
                unfit[package, _first(exc)] += 1
            else:
                unknown.setdefault(package, Counter()).update(new)
    for (package, why), times in sorted(unfit.items()):
        yield f"{count(times, 'message')} that the models of {_named(package)} do not fit: {why}"
    for package, fields in sorted(unknown.items()):
        if fields:
            yield f"fields that {_named(package)} does not know: {', '.join(sorted(fields))}"


def _named(package: str) -> str:
    return f"{package} {installed_version(package)}"


def _model(exchange: Exchange) -> tuple[str, TypeAdapter[Any] | None]:
    package, module, whole, event = _SDKS.get(exchange.protocol, ("", "", "", ""))
    if not package or not exchange.reply.ok or not installed_version(package):
        return package, None
    streamed = protocols()[exchange.protocol].framing(exchange.reply) is not None
    found = getattr(import_module(module), event if streamed else whole, None)
    return package, None if found is None else TypeAdapter(found)


def _messages(exchange: Exchange) -> Iterator[Any]:
    framing = protocols()[exchange.protocol].framing(exchange.reply)
    frames = framing.frames_of(exchange.reply) if framing is not None else ()
    for text in [frame.data for frame in frames] if framing is not None else [exchange.reply.body]:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            continue  # [DONE], a keep-alive, or a reply that was cut: the recording has its own checks
        if isinstance(value, dict) and value.get("type") not in _BESIDE:
            yield value


def _unknown(value: Any, where: str = "") -> Iterator[str]:
    if isinstance(value, BaseModel):
        # The SDKs' models allow extra fields, and keep them apart from those that they declare.
        yield from (f"{where}{name}" for name in value.model_extra or ())
        for name in type(value).model_fields:
            yield from _unknown(getattr(value, name, None), f"{where}{name}.")
    elif isinstance(value, list):
        for one in value:
            yield from _unknown(one, where)


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {clipped(first['msg'], 120)}"
