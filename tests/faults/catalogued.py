"""Every fault of the catalogue on replies of every protocol, whole and streamed, at the edges of its bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any

from agent_chaos.faults.catalogue import fault_types
from agent_chaos.faults.fault import Target, WireFault
from agent_chaos.providers.plain_http import PLAIN
from agent_chaos.providers.turn import Message, Reasoning, ToolCall, ToolResult
from agent_chaos.search.space import number_fields
from agent_chaos.stream.exchange import Reply, Request, reply
from tests.spoken import request, target
from tests.standin.said import Called, Said
from tests.standin.vectors import asked_and_given
from tests.standin.wires import MODELS

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
MORE = [
    (protocol, stream, said)
    for protocol, stream, said in product(MODELS, (False, True), ("signed", "answered"))
]
"""Replies whose reasoning carries a signature (Chat Completions have none), and replies to requests that bring the result of
a tool call; only some faults touch what is special about them."""

VECTORS = [
    ("openai_embeddings", False, "base64"),
    ("openai_embeddings", False, "floats"),
    ("gemini_embeddings", False, "batch"),
    ("gemini_embeddings", False, "single"),
    ("ollama_embeddings", False, "ollama"),
    ("cohere_embeddings", False, "cohere"),
    ("vertex_embeddings", False, "vertex"),
]
"""Replies with embeddings, as an API spells them."""

Form = tuple[str, bool, str]
"""A protocol, whether it streams, and what is said."""


def named(form: Form) -> str:
    protocol, stream, said = form
    return f"{protocol}-{'stream' if stream else 'whole'}-{said}"


HISTORY = (
    Message("assistant", (ToolCall("call_1234567", "refund", '{"order":"A-17","amount":1500}'),)),
    Message("tool", (ToolResult("call_1234567", "refund", "done"),)),
)
"""A conversation in which a tool has just been called."""


def target_of(form: Form) -> Target:
    """A fresh target, with nothing cached in it."""
    protocol, stream, said = form
    if form in VECTORS:
        return vectors_target(said)
    plain = target(
        protocol, SAID["text" if said == "answered" else "tools" if said == "signed" else said], stream=stream
    )
    plain = _signed(plain) if said == "signed" else plain
    history, previous = (HISTORY, "") if said == "answered" else ((), "before_0")
    asked = request(protocol, stream=stream, history=history, previous=previous)
    return replace(plain, request=asked)


def vectors_target(said: str) -> Target:
    """What a fault of embeddings acts on: vectors in that spelling."""
    url, asked, given = asked_and_given(said)
    headers = [("content-type", "application/json"), ("content-length", str(len(given)))]
    return Target(Request("POST", url, body=asked), reply(200, headers, [given], at=0.4), PLAIN)


def _signed(plain: Target) -> Target:
    """The target with a signed thought before all else."""
    turn = plain.protocol.parse(plain.reply)
    thought = Reasoning("Erst die Bestellung.", plain.protocol.specifics.signed_reasoning, (5, 15))
    return replace(
        plain, reply=plain.protocol.render(replace(turn, parts=(thought, *turn.parts)), plain.reply)
    )


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
def seen(form: Form) -> Target:
    """The same target at every call, for what does not look at whether it is left alone."""
    return target_of(form)


@cache
def offered(kind: str, form: Form) -> tuple[Mapping[str, Any], ...]:
    """The openings of a fault at a reply."""
    if form in VECTORS and WIRE_FAULTS[kind].level != "transport":
        return ()  # what a model says is not in them, and such faults are never asked
    return WIRE_FAULTS[kind].openings(seen(form))


@cache
def forms_of(kind: str) -> tuple[Form, ...]:
    """The replies that a fault can act on; of the special ones only those that offer what the others do not."""
    found = [form for form in FORMS if offered(kind, form)]
    known = {str(choice) for form in found for choice in offered(kind, form)}
    more = [
        form for form in (*MORE, *VECTORS) if any(str(choice) not in known for choice in offered(kind, form))
    ]
    return (*found, *more)


@cache
def faults_of(kind: str, form: Form) -> tuple[WireFault, ...]:
    """Everything that the fault can be at a reply of the catalogue."""
    cls = WIRE_FAULTS[kind]
    return tuple(fault for choice in offered(kind, form) for fault in at_edges(cls, choice))


@cache
def tried(kind: str) -> tuple[tuple[Form, Target, WireFault, Reply], ...]:
    """Everything that the fault can be at every reply it can act on, and what it makes of it."""
    return tuple(
        (form, seen(form), fault, fault.apply(seen(form)))
        for form in forms_of(kind)
        for fault in faults_of(kind, form)
    )


@cache
def all_choices(kind: str) -> list[dict[str, Any]]:
    """Every choice that the fault offers at any of the forms."""
    found = {tuple(sorted(choice.items())): None for form in forms_of(kind) for choice in offered(kind, form)}
    return [dict(choice) for choice in found]
