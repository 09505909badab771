"""A fault of the model's message changes what was recorded and nothing else: a server's own spelling and fields stay."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from agent_chaos.faults.fault import Target
from agent_chaos.providers.json_values import loaded
from agent_chaos.stream.exchange import Data, Reply, with_body
from tests.faults.catalogued import FORMS, WIRE_FAULTS, faults_at, named, target_of

MESSAGE_FAULTS = [kind for kind, cls in WIRE_FAULTS.items() if cls.level == "message"]
VENDOR = {"b": [1, 2], "a": 1}
UNSPACED = re.compile(r'"\w+":(?!  )')


def vendors_own(value: Any, depth: int = 0) -> Any:
    """The JSON as another server would write it: keys the other way round, fields of its own."""
    if isinstance(value, list):
        return [vendors_own(one, depth + 1) for one in value]
    if not isinstance(value, dict):
        return value
    known = {key: vendors_own(value[key], depth + 1) for key in sorted(value, reverse=True)}
    return {**known, "_vendor": VENDOR} if depth < 2 else known


def spelled(data: str) -> str:
    return json.dumps(vendors_own(loaded(data)), separators=(",  ", ":  "))


def of_another_server(plain: Target) -> Target:
    """The target with every JSON of its reply spelled by another server."""
    framing = plain.framing
    if framing is None:
        return replace(plain, reply=with_body(plain.reply, spelled(plain.reply.body.decode()).encode()))
    raws = [
        framing.with_data(one, spelled(one.data)) if speaks(one.data) else one.raw for one in plain.frames
    ]
    datas = [event for event in plain.reply.events if isinstance(event, Data)]
    events = [Data(raw, data.at) for raw, data in zip(framing.joined(raws), datas, strict=True)]
    return replace(plain, reply=Reply((plain.reply.events[0], *events, plain.reply.events[-1])))


def speaks(data: str) -> bool:
    return isinstance(loaded(data), dict)


def texts(where: Target, reply: Reply) -> list[str]:
    """Every JSON text of a reply."""
    framing = where.protocol.framing(reply)
    if framing is None:
        return [reply.body.decode()]
    return [one.data for one in framing.frames_of(reply) if speaks(one.data)]


def objects(value: Any, under: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of a JSON value, with the key that it stands under."""
    if isinstance(value, dict):
        yield under, value
    for key, one in value.items() if isinstance(value, dict) else ((under, one) for one in value):
        if isinstance(one, dict | list):
            yield from objects(one, key)


def vocabulary(found: list[str]) -> set[tuple[str, str]]:
    """The keys of JSON texts, each with the key that its object stands under, and the types of their objects."""
    every = [pair for text in found for pair in objects(loaded(text))]
    keys = {(under, key) for under, one in every for key in one}
    return keys | {("type", str(one["type"])) for _, one in every if "type" in one}


@pytest.mark.parametrize("kind", MESSAGE_FAULTS)
def test_a_changed_message_keeps_the_spelling_and_the_fields_of_its_server(kind):
    for where in map(of_another_server, map(target_of, FORMS)):
        recorded = texts(where, where.reply)
        for fault in faults_at(kind, where):
            for text in texts(where, fault.apply(where)):
                assert_spelled_as(text, recorded)


def assert_spelled_as(text: str, recorded: list[str]) -> None:
    """Keys in the recorded order, no `null` that the recording has not, the server's own fields, its spaces."""
    value, known = loaded(text), vocabulary(recorded)
    for under, one in objects(value):
        assert all((under, key) in known for key, it in one.items() if it is None)
    if any(value.keys() <= loaded(each).keys() for each in recorded):
        assert list(value) == sorted(value, reverse=True)
    assert value.get("_vendor") == VENDOR or vocabulary([text]) - known
    assert not UNSPACED.search(text)


@pytest.mark.parametrize("form", FORMS, ids=named)
def test_a_turn_rendered_as_it_was_read_is_the_recorded_reply(form):
    where = of_another_server(target_of(form))

    assert where.protocol.render(where.protocol.parse(where.reply), where.reply) == where.reply
