"""Recordings of other tools: told apart by themselves, read, and their tools answered from what the model was told."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from agent_chaos.cassette.interchange.registry import format_of, recording_formats
from agent_chaos.cassette.keys import keys_of
from agent_chaos.cassette.model import Cassette, Exchange, Header
from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.cassette.storage.foreign import export_cassette, import_cassette, read_foreign
from agent_chaos.errors import CassetteDamaged
from agent_chaos.providers.registry import protocols
from agent_chaos.stream.exchange import Abort, Request, reply

URL = "https://api.openai.com/v1/chat/completions"
ASKED = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "Where is A1?"}]}
CALL = {"id": "call_1", "type": "function", "function": {"name": "find", "arguments": '{"order": "A1"}'}}
CALLING = {"role": "assistant", "content": None, "tool_calls": [CALL]}
CALLED = {"id": "c", "choices": [{"index": 0, "finish_reason": "tool_calls", "message": CALLING}]}
TOLD = {"role": "tool", "tool_call_id": "call_1", "content": '{"status": "sent"}'}
ASKED_ON = {**ASKED, "messages": [*ASKED["messages"], CALLING, TOLD]}
SAID = {
    "id": "d",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Sent."}}],
}
PAIRS = ((ASKED, CALLED), (ASKED_ON, SAID))
JSON_TYPE = {"Content-Type": ["application/json"]}


def go_vcr() -> dict[str, object]:
    return {
        "version": 2,
        "interactions": [
            {
                "id": number,
                "request": {"body": json.dumps(asked), "headers": JSON_TYPE, "url": URL, "method": "POST"},
                "response": {
                    "body": json.dumps(answer),
                    "headers": JSON_TYPE,
                    "status": "200 OK",
                    "code": 200,
                    "duration": "1.25s",
                },
            }
            for number, (asked, answer) in enumerate(PAIRS)
        ],
    }


def ruby_vcr() -> dict[str, object]:
    return {
        "http_interactions": [
            {
                "request": {
                    "method": "post",
                    "uri": URL,
                    "body": {"encoding": "UTF-8", "string": json.dumps(asked)},
                    "headers": JSON_TYPE,
                },
                "response": {
                    "status": {"code": 200, "message": "OK"},
                    "headers": JSON_TYPE,
                    "body": {"base64_string": base64.b64encode(json.dumps(answer).encode()).decode()},
                },
                "recorded_at": f"Mon, 02 Nov 2026 10:00:0{number} GMT",
            }
            for number, (asked, answer) in enumerate(PAIRS)
        ],
        "recorded_with": "VCR 6.3.1",
    }


def har() -> dict[str, object]:
    headers = [{"name": "content-type", "value": "application/json"}]
    return {
        "log": {
            "version": "1.2",
            "entries": [
                {
                    "startedDateTime": f"2026-11-02T10:00:0{number}.000Z",
                    "time": 1250,
                    "timings": {"send": 0, "wait": 1000, "receive": 250},
                    "request": {
                        "method": "POST",
                        "url": URL,
                        "headers": [{"name": ":authority", "value": "api.openai.com"}, *headers],
                        "postData": {"mimeType": "application/json", "text": json.dumps(asked)},
                    },
                    "response": {
                        "status": 200,
                        "statusText": "OK",
                        "headers": [*headers, {"name": "content-encoding", "value": "br"}],
                        "content": {"mimeType": "application/json", "text": json.dumps(answer)},
                    },
                }
                for number, (asked, answer) in enumerate(PAIRS)
            ],
        }
    }


DOCUMENTS = {"go-vcr": go_vcr(), "Ruby VCR": ruby_vcr(), "HAR": har()}


def imported(document: object, folder: Path, suffix: str) -> Cassette:
    text = json.dumps(document) if suffix in (".json", ".har") else yaml.safe_dump(document)
    source = folder / f"recorded{suffix}"
    source.write_text(text, "utf-8")
    return import_cassette(source, folder / "made.msgpack", redactor=Redactor({}))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_of_one_format_alone(name: str) -> None:
    found = format_of(DOCUMENTS[name])

    assert found is not None
    assert found.name == name
    assert [one.name for one in recording_formats() if one.recognises(DOCUMENTS[name])] == [name]


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_recording_keeps_its_conversation_and_its_tools_answer(
    name: str, suffix: str, tmp_path: Path
) -> None:
    cassette = imported(DOCUMENTS[name], tmp_path, suffix)
    wire = protocols()["openai_chat"]

    assert [json.loads(one.request.body) for one in cassette.exchanges] == [ASKED, ASKED_ON]
    assert [one.protocol for one in cassette.exchanges] == ["openai_chat"] * 2
    assert wire.parse(cassette.exchanges[1].reply).text == "Sent."
    assert [(one.name, one.arguments, one.end.result) for one in cassette.tools] == [
        ("find", {"order": "A1"}, {"status": "sent"})
    ]
    assert not cassette.exchanges[0].reply.header("content-encoding")


def test_times_are_kept_where_the_format_has_them(tmp_path: Path) -> None:
    from_har = imported(DOCUMENTS["HAR"], tmp_path, ".har")
    from_ruby = imported(DOCUMENTS["Ruby VCR"], tmp_path, ".yaml")
    from_go = imported(DOCUMENTS["go-vcr"], tmp_path, ".yaml")

    assert [(one.at, one.reply.duration) for one in from_har.exchanges] == [(0.0, 1.25), (1.0, 1.25)]
    assert from_har.exchanges[0].reply.head is not None
    assert from_har.exchanges[0].reply.head.at == 1.0
    assert [one.at for one in from_ruby.exchanges] == [0.0, 1.0]
    assert from_go.exchanges[0].reply.duration == 1.25


def test_a_request_of_an_archive_that_got_no_answer_broke(tmp_path: Path) -> None:
    document = json.loads(json.dumps(har()))
    document["log"]["entries"][1]["response"]["status"] = 0
    last = imported(document, tmp_path, ".har").exchanges[1].reply.events[-1]

    assert isinstance(last, Abort)


@pytest.mark.parametrize("document", [{}, {"log": 1}, {"interactions": 3}, {"entries": []}])
def test_an_unknown_document_is_one_clear_error_with_the_formats(document: object, tmp_path: Path) -> None:
    with pytest.raises(CassetteDamaged, match=r"VCR\.py"):
        imported(document, tmp_path, ".json")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_is_no_interaction_is_named(name: str, tmp_path: Path) -> None:
    document = json.loads(json.dumps(DOCUMENTS[name]))
    inner = document.get("log", document)
    entries = inner.get("entries") or inner.get("interactions") or inner["http_interactions"]
    del entries[1]["response"]

    with pytest.raises(CassetteDamaged, match="interaction 1"):
        imported(document, tmp_path, ".json")


@given(
    asked=st.binary(max_size=200),
    body=st.binary(max_size=200),
    method=st.sampled_from(["GET", "POST"]),
    at_ms=st.integers(0, 10**6),
)
def test_an_archive_comes_back_with_what_was_said(
    asked: bytes, body: bytes, method: str, at_ms: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    request = Request(
        method, "https://h.example/x?a=b", (("content-type", "application/octet-stream"),), asked
    )
    answer = reply(200, (("x-a", "b"),), [body] if body else [])
    exchange = Exchange(0, 0, at_ms / 1000, request, answer, keys_of(request))
    target = tmp_path_factory.mktemp("har") / "out.har"
    export_cassette(Cassette(Header(scenario="s", started_at=1.7e9), [exchange]), target)
    (one,) = read_foreign(target)[1].interactions

    assert (one.request.method, one.request.url, one.request.body) == (method, request.url, asked)
    assert (one.reply.status, one.reply.body, one.reply.headers) == (200, body, answer.headers)
