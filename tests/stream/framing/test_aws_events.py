"""Amazon's event stream, judged by botocore's own parser: what is written it reads, and what it reads is cut as it cuts it."""

from __future__ import annotations

import json

import pytest
from botocore.eventstream import ChecksumMismatch, EventStreamBuffer

from agent_chaos.stream.exchange import reply
from agent_chaos.stream.framing.aws_events import AWS_EVENTS
from agent_chaos.stream.framing.aws_messages import AwsMessage
from agent_chaos.stream.framing.registry import evident_framing
from tests.faults.catalogued import SAID
from tests.spoken import spoken
from tests.standin import converse_wire

STREAM = spoken("bedrock_converse", SAID["tools"], stream=True)
EVERY_HEADER_TYPE = b"".join(
    bytes([len(name)]) + name + value
    for name, value in (
        (b"yes", b"\x00"),
        (b"no", b"\x01"),
        (b"byte", b"\x02\x07"),
        (b"short", b"\x03\x00\x07"),
        (b"integer", b"\x04\x00\x00\x00\x07"),
        (b"long", b"\x05" + bytes(8)),
        (b"bytes", b"\x06\x00\x03abc"),
        (b"when", b"\x08" + bytes(8)),
        (b"which", b"\x09" + bytes(16)),
        (b":event-type", b"\x07\x00\x04chat"),
    )
)


def by_botocore(body: bytes) -> list:
    buffer = EventStreamBuffer()
    buffer.add_data(body)
    return list(buffer)


def test_frames_are_the_messages_that_botocore_reads():
    frames, theirs = AWS_EVENTS.frames(STREAM.body), by_botocore(STREAM.body)

    assert [one.data.encode() for one in frames] == [one.payload for one in theirs]
    assert [one.event for one in frames] == [one.headers[":event-type"] for one in theirs]
    assert b"".join(one.raw for one in frames) == STREAM.body
    assert evident_framing(STREAM) is AWS_EVENTS


@pytest.mark.parametrize(
    ("event", "kind"), [("contentBlockDelta", "event"), ("throttlingException", "exception")]
)
def test_a_message_that_is_written_is_read_by_botocore(event, kind):
    data = json.dumps({"message": "Grüße, 世界"}, ensure_ascii=False)
    (one,) = by_botocore(AWS_EVENTS.frame(data, event=event))

    assert one.headers == {
        f":{kind}-type": event,
        ":content-type": "application/json",
        ":message-type": kind,
    }
    assert one.payload.decode() == data


def test_other_data_leaves_the_headers_of_a_message_as_they_were():
    before = AwsMessage(EVERY_HEADER_TYPE, b"{}").written()
    (frame,) = AWS_EVENTS.frames(before)
    (one,) = by_botocore(AWS_EVENTS.with_data(frame, '{"text": "ü"}'))

    assert frame.event == "chat"
    assert one.headers == by_botocore(before)[0].headers
    assert one.payload.decode() == '{"text": "ü"}'


@pytest.mark.parametrize("at", [3, 9, 40, -2], ids=["length", "prelude checksum", "headers", "checksum"])
def test_what_follows_a_damaged_message_is_one_incomplete_frame_as_no_client_reads_on(at):
    first, second, *_ = AWS_EVENTS.frames(STREAM.body)
    broken = bytearray(second.raw)
    broken[at] ^= 1
    body = first.raw + bytes(broken) + second.raw
    frames = AWS_EVENTS.frames(body)
    with pytest.raises(ChecksumMismatch):
        by_botocore(body)

    assert [(one.raw, one.complete) for one in frames] == [(first.raw, True), (body[first.end :], False)]


@pytest.mark.parametrize("size", [0, 5, 11, 12, 60])
def test_a_stream_that_was_cut_is_told_by_its_content_type_and_is_no_whole_message(size):
    body = STREAM.body[:size]
    cut = reply(200, [("content-type", converse_wire.STREAM)], [body])

    assert AWS_EVENTS.holds(cut)
    assert [one.complete for one in AWS_EVENTS.frames(body)] == [False] * bool(size)
    assert by_botocore(body) == []


def test_an_error_in_json_is_no_stream_whatever_it_is_called():
    assert not AWS_EVENTS.holds(reply(400, [("content-type", converse_wire.STREAM)], [b'{"message": "no"}']))
