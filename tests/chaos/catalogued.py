"""Every fault of the catalogue on replies of every protocol, whole and streamed, at the edges of its bounds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any

from agent_chaos.chaos.catalogue import fault_types
from agent_chaos.chaos.fault import Target, WireFault
from agent_chaos.search.space import number_fields
from tests.spoken import MODELS, target
from tests.standin.said import Called, Said

SAID = {
    "text": Said('Grüße aus Köln, 世界! Ihr Paket "A-17" kommt morgen um 9 Uhr, 20 € gehen zurück.'),
    "tools": Said(
        "Ich sehe nach.",
        (
            Called.of("look_up", {"order": 'A-17 "Köln"\n', "amount": 1500, "deep": {"x": [1, 2.5]}}),
            Called.of("refund", {"order": "B-2", "amount": 20}),
        ),
    ),
}
FORMS = [(protocol, stream, said) for protocol, stream, said in product(MODELS, (False, True), SAID)]


def named(form: tuple[str, bool, str]) -> str:
    protocol, stream, said = form
    return f"{protocol}-{'stream' if stream else 'whole'}-{said}"


CONTINUED = {
    "openai_responses": {"previous_response_id": "resp_0"},
    "anthropic_messages": {"thread": {"previous_message_id": "msg_0"}},
}
"""How a request goes on from what the provider keeps, where it can."""


def target_of(form: tuple[str, bool, str]) -> Target:
    """A fresh target, with nothing cached in it."""
    protocol, stream, said = form
    plain = target(protocol, SAID[said], stream=stream)
    body = json.dumps({**plain.request.json, **CONTINUED.get(protocol, {})}).encode()
    return replace(plain, request=replace(plain.request, body=body))


WIRE_FAULTS: dict[str, type[WireFault]] = {
    kind: cls for kind, cls in fault_types().items() if issubclass(cls, WireFault)
}


def at_edges(cls: type[WireFault], choice: Mapping[str, Any]) -> Iterator[WireFault]:
    """The fault with that choice, its numbers at their mildest, at one more, and at their worst."""
    drawn = [(name, low, high) for name, low, high in number_fields(cls) if name not in choice]
    for values in product(*((low, low + 1, high) for _, low, high in drawn)):
        yield cls(**choice, **{name: value for (name, _, _), value in zip(drawn, values, strict=True)})


def faults_at(kind: str, where: Target) -> Iterator[WireFault]:
    """Everything that the fault can be at a target."""
    for choice in WIRE_FAULTS[kind].openings(where):
        yield from at_edges(WIRE_FAULTS[kind], choice)


@cache
def all_choices(kind: str) -> list[dict[str, Any]]:
    """Every choice that the fault offers at any of the forms."""
    found = {
        tuple(sorted(choice.items())): None
        for form in FORMS
        for choice in WIRE_FAULTS[kind].openings(target_of(form))
    }
    return [dict(choice) for choice in found]
