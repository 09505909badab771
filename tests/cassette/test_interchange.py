"""vcrpy files come in as recorded, and what goes out is replayed by stock vcrpy through the real SDKs."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
import vcr

from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.cassette.storage.foreign import export_cassette, import_cassette, read_foreign
from agent_chaos.errors import CassetteDamaged, CassetteMissing, UsageError
from agent_chaos.stream.exchange import Data, End
from agent_chaos.stream.framing.registry import evident_framing
from tests.cassette.made import BROKEN, NO_SECRETS, REFUSED, answering, asking, cassette_at, writer_at

TRAFFIC = Path(__file__).resolve().parents[2] / ".." / "shared" / "traffic"
FILES = sorted(TRAFFIC.glob("*/*.yaml"))
ISTR = "!!python/object/apply:multidict._multidict.istr"


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
def test_a_cassette_comes_back_from_vcrpys_format_without_loss(suffix: str, tmp_path: Path) -> None:
    cassette = cassette_at(tmp_path / "made.msgpack")
    played = export_cassette(cassette, tmp_path / f"out{suffix}")
    again = import_cassette(tmp_path / f"out{suffix}", tmp_path / "again.msgpack", redactor=NO_SECRETS)

    assert played == 3
    assert list(again.exchanges) == list(cassette.exchanges)
    assert list(again.tools) == list(cassette.tools)
    assert list(again.turns) == list(cassette.turns)
    assert again.header == cassette.header
    assert again.digest == cassette.digest


@pytest.mark.skipif(not FILES, reason="the recorded traffic is not here")
def test_all_recorded_traffic_imports_and_comes_back(tmp_path: Path) -> None:
    lossy = []
    for file in FILES:
        one = import_cassette(file, tmp_path / "one.msgpack", redactor=NO_SECRETS)
        export_cassette(one, tmp_path / "out.yaml")
        again = import_cassette(tmp_path / "out.yaml", tmp_path / "two.msgpack", redactor=NO_SECRETS)
        whole = all(exchange.reply.ended for exchange in one.exchanges)
        if not len(one.exchanges) or not whole or list(one.exchanges) != list(again.exchanges):
            lossy.append(file.name)

    assert lossy == []


@pytest.mark.skipif(not FILES, reason="the recorded traffic is not here")
def test_recorded_streams_are_cut_at_blank_lines_and_bodies_are_plain() -> None:
    replies = [one.reply for file in FILES for one in read_foreign(file)[1].interactions]
    streams = [reply for reply in replies if evident_framing(reply) and reply.body]
    chunks = [event.data for reply in streams for event in reply.events if isinstance(event, Data)]

    assert len(streams) > 50
    assert all(chunk.endswith((b"\n\n", b"\r\n\r\n", b"\n", b"}")) for chunk in chunks)
    assert sum(len(reply.events) for reply in streams) > 10 * len(streams)
    assert not any(reply.header("content-encoding") for reply in replies)
    assert all(reply.body[:1] != b"\x1f" for reply in replies)


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


YAML = """
interactions:
- request:
    body: '{"model": "gpt-5-mini", "messages": []}'
    headers:
      ? HEADER
      : - application/json
      accept: '*/*'
    method: post
    uri: https://api.openai.com/v1/chat/completions
  response:
    body: {string: !!binary H4sIAAAAAAACA6tWSs7Iz0xOLVayUoiOrQUAB78iMA8AAAA=}
    headers:
      content-encoding: [gzip]
      x-count: 3
    status: {code: 200, message: OK}
version: 1
"""


def test_python_objects_in_yaml_are_read_as_what_they_hold(tmp_path: Path) -> None:
    text = YAML.replace("? HEADER", f"? {ISTR}\n        - content-type")
    one = read_foreign(write(tmp_path / "a.yaml", text))[1].interactions[0]

    assert one.request.headers == (("content-type", "application/json"), ("accept", "*/*"))
    assert one.request.method == "POST"
    assert one.reply.headers == (("x-count", "3"),)
    assert isinstance(one.reply.events[-1], End)


def test_python_objects_in_yaml_are_never_run(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    text = YAML.replace("? HEADER", f"? !!python/object/apply:os.system\n        - touch {trap}")
    one = read_foreign(write(tmp_path / "a.yaml", text))[1].interactions[0]

    assert one.request.headers[0] == (f"touch {trap}", "application/json")
    assert not trap.exists()


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.yaml", "- 1\n", "of no format that is known"),
        ("a.yaml", "a: [", "not readable as YAML"),
        ("a.json", "{", "not readable as JSON"),
        ("a.json", "[" * 100_000, "not readable as JSON"),
        ("a.yaml", "interactions: [{request: {}}]", "interaction 0 is not one"),
        ("a.yaml", "interactions: [3]", "interaction 0 is not one"),
    ],
    ids=["a list", "broken yaml", "broken json", "deep json", "no response", "a number"],
)
def test_what_is_no_vcrpy_cassette_is_one_clear_error(
    name: str, text: str, says: str, tmp_path: Path
) -> None:
    earlier = cassette_at(tmp_path / "target.msgpack")

    with pytest.raises(CassetteDamaged, match=says):
        import_cassette(write(tmp_path / name, text), tmp_path / "target.msgpack")
    assert open_cassette(tmp_path / "target.msgpack").digest == earlier.digest
    assert not (tmp_path / "target.msgpack.journal").exists()


def test_a_missing_file_and_a_foreign_suffix_are_usage_errors(tmp_path: Path) -> None:
    with pytest.raises(CassetteMissing, match="no file"):
        read_foreign(tmp_path / "absent.yaml")
    with pytest.raises(UsageError, match=r"end in one of"):
        export_cassette(cassette_at(tmp_path / "made.msgpack"), tmp_path / "out.xml")


def test_a_file_that_is_no_text_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "bad.har").write_bytes(b"{\xff")

    with pytest.raises(CassetteDamaged, match="byte 1 is no UTF-8; expected a recording"):
        read_foreign(tmp_path / "bad.har")


def test_json_cannot_hold_a_binary_body(tmp_path: Path) -> None:
    writer = writer_at(tmp_path / "made.msgpack")
    writer.exchange(asking("x"), answering(b"\xff\xfe"), at=0.0, transport="httpx2")
    cassette = writer.finish()

    with pytest.raises(UsageError, match=r"JSON cannot hold a binary body; export to \.yaml"):
        export_cassette(cassette, tmp_path / "out.json")
    assert export_cassette(cassette, tmp_path / "out.yaml") == 1


def test_broken_transfers_are_exported_apart_from_what_vcrpy_can_play(tmp_path: Path) -> None:
    writer = writer_at(tmp_path / "made.msgpack")
    writer.exchange(asking("a"), REFUSED, at=0.0, transport="httpx2")
    writer.exchange(asking("b"), BROKEN, at=1.0, transport="httpx2")
    export_cassette(writer.finish(), tmp_path / "out.json")
    document = json.loads((tmp_path / "out.json").read_text())

    assert len(document["interactions"]) == 1
    assert document["interactions"][0]["response"]["chaos"]["end"] == "reset"
    assert len(json.loads(document["metadata"]["agent_chaos"])["broken"]) == 1


ANSWER = {
    "id": "msg_01ABCDEFabcdef",
    "type": "message",
    "role": "assistant",
    "model": "claude-opus-4-8",
    "content": [{"type": "text", "text": "Grüße!"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 3, "output_tokens": 2},
}
CHUNKS = [
    f"data: {json.dumps({'id': 'chatcmpl-1', 'object': 'chat.completion.chunk', 'created': 1, 'model': 'gpt-5-mini', 'choices': [{'index': 0, 'delta': delta, 'finish_reason': finish}]})}\n\n".encode()
    for delta, finish in [
        ({"role": "assistant", "content": "Grü"}, None),
        ({"content": "ße!"}, None),
        ({}, "stop"),
    ]
] + [b"data: [DONE]\n\n"]


def exported(folder: Path, suffix: str) -> Path:
    from agent_chaos.stream.exchange import Request, reply

    writer = writer_at(folder / "made.msgpack")
    body = json.dumps(ANSWER, ensure_ascii=False).encode()
    as_json = (("content-type", "application/json"),)
    writer.exchange(asking("Hi"), reply(200, as_json, [body]), at=0.0, transport="httpx2")
    chat = Request("POST", "https://api.openai.com/v1/chat/completions", as_json, b'{"model": "gpt-5-mini"}')
    streamed = reply(200, (("content-type", "text/event-stream"),), CHUNKS, gap_s=0.1)
    writer.exchange(chat, streamed, at=1.0, transport="httpx2")
    export_cassette(writer.finish(), folder / f"out{suffix}")
    return folder / f"out{suffix}"


def _anthropic(style: str) -> str:
    asked: Any = {
        "model": "claude-opus-4-8",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": "Hi"}],
    }
    if style == "sync":
        return str(anthropic.Anthropic(api_key="k", max_retries=0).messages.create(**asked).content[0].text)

    async def run() -> str:
        async with anthropic.AsyncAnthropic(api_key="k", max_retries=0) as client:
            return str((await client.messages.create(**asked)).content[0].text)

    return asyncio.run(run())


def _openai(style: str) -> str:
    asked: Any = {"model": "gpt-5-mini", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
    if style == "sync":
        live = openai.OpenAI(api_key="k", max_retries=0).chat.completions.create(**asked)
        return "".join(chunk.choices[0].delta.content or "" for chunk in live)

    async def run() -> str:
        async with openai.AsyncOpenAI(api_key="k", max_retries=0) as client:
            live = await client.chat.completions.create(**asked)
            return "".join([chunk.choices[0].delta.content or "" async for chunk in live])

    return asyncio.run(run())


@pytest.mark.parametrize("style", ["sync", "async"])
@pytest.mark.parametrize("suffix", [".yaml", ".json"])
def test_stock_vcrpy_replays_an_export_through_the_sdks(suffix: str, style: str, tmp_path: Path) -> None:
    path = exported(tmp_path, suffix)
    serializer = "json" if suffix == ".json" else "yaml"
    with vcr.use_cassette(str(path), record_mode="none", serializer=serializer) as tape:
        said = (_anthropic(style), _openai(style))

    assert said == ("Grüße!", "Grüße!")
    assert tape.all_played
