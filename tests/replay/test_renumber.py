"""Fresh ids: like the recorded ones, and never the same."""

import json
import re

import pytest

from agent_chaos.providers.parts.fresh_ids import fresh_id
from agent_chaos.providers.registry import protocols
from agent_chaos.replay.renumber import renumber_ids
from agent_chaos.stream.exchange import reply
from tests.spoken import spoken
from tests.standin.said import Called, Said

IDS = {
    "msg_01XFDUDYJgAACzvnptvVoYEL": r"msg_[0-9A-Za-z]{24}",
    "toolu_01A09q90qw90lq917835lq9": r"toolu_[0-9A-Za-z]{23}",
    "toolu_bdrk_01A09q90qw90lq917": r"toolu_bdrk_[0-9A-Za-z]{17}",
    "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT": r"chatcmpl-[0-9A-Za-z]{29}",
    "resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b": r"resp_[0-9a-f]{48}",
    "6f1c2b1e-0d5a-4c6e-9f53-0b3c1f1d2e3f": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "1763900000123": r"[0-9]{13}",
}


@pytest.mark.parametrize(("old", "shape"), IDS.items(), ids=IDS)
def test_a_fresh_id_has_the_shape_of_the_recorded_one(old, shape):
    made = {fresh_id(old, f"{index}.{serving}") for index in range(20) for serving in range(1, 6)}

    assert len(made) == 100
    assert old not in made
    assert all(re.fullmatch(shape, one) for one in made)


def test_a_fresh_id_depends_on_its_exchange_and_serving_alone():
    assert fresh_id("msg_01XFDUDYJgAACzvnptvVoYEL", "3.1") == fresh_id("msg_01XFDUDYJgAACzvnptvVoYEL", "3.1")
    assert fresh_id("msg_01XFDUDYJgAACzvnptvVoYEL", "3.1") == "msg_1HEQiWj8oy2HY9eCQ3xPBJyR"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_minted_reply_differs_in_its_ids_alone(stream):
    said = Said("Looking.", (Called.of("look_up", {"order": "A-17"}), Called.of("look_up", {"order": "B-2"})))
    wire, recorded = protocols()["anthropic_messages"], spoken("anthropic_messages", said, 4, stream=stream)
    fresh, recorded_ids = renumber_ids(recorded, wire, "4.1")
    restored = fresh.body
    for new, old in recorded_ids.items():
        restored = restored.replace(new.encode(), old.encode())

    assert sorted(recorded_ids.values()) == sorted(wire.ids(recorded))
    assert len(recorded_ids) == 3
    assert restored == recorded.body
    assert not set(recorded_ids) & set(recorded_ids.values())
    assert [type(event) for event in fresh.events] == [type(event) for event in recorded.events]
    assert [event.at for event in fresh.events] == [event.at for event in recorded.events]
    assert [json.loads(call.arguments) for call in wire.parse(fresh).tool_calls] == [
        {"order": "A-17"},
        {"order": "B-2"},
    ]


def answered(call_id):
    arguments = json.dumps({"order_id": call_id, "amount": 1500, "note": f"{call_id} of 10"})
    call = {"id": call_id, "type": "function", "function": {"name": "refund", "arguments": arguments}}
    choice = {
        "index": 0,
        "finish_reason": "tool_calls",
        "message": {"role": "assistant", "tool_calls": [call]},
    }
    body = {"id": "chatcmpl-1", "created": 1750000000, "model": "m-1", "choices": [choice]}
    return reply(200, (("content-type", "application/json"),), [json.dumps(body).encode()])


@pytest.mark.parametrize("call_id", ["call_abc123XYZ", "call_1", "1", "0", "refund", "a", "ü"])
def test_an_id_changes_where_it_is_an_id_and_nowhere_else(call_id):
    recorded, wire = answered(call_id), protocols()["openai_chat"]
    fresh, recorded_ids = renumber_ids(recorded, wire, "0.1")
    (was,), (now,) = wire.parse(recorded).tool_calls, wire.parse(fresh).tool_calls

    assert (now.name, now.arguments) == (was.name, was.arguments)
    assert recorded_ids[now.id] == call_id
    assert {**fresh.json, "id": 0, "choices": 0} == {**recorded.json, "id": 0, "choices": 0}


def test_a_short_id_becomes_one_that_nothing_else_reads_like():
    assert len(fresh_id("1", "0.1")) >= 9
    assert len({fresh_id(str(number), "0.1") for number in range(200)}) == 200
