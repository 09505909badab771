"""Server-sent events are read and written byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_chaos.stream.framing.framing import Frame
from agent_chaos.stream.framing.registry import evident_framing
from agent_chaos.stream.framing.sse import SSE
from tests.providers.traffic import accepted

PIECES = [
    b"data: x",
    b"data:",
    b"event: e",
    b"id: 1",
    b"retry: 9",
    b": c",
    b"\n",
    b"\r",
    b"\r\n",
    b"\xef\xbb\xbf",
    b"\xff",
]
BODIES = st.lists(st.sampled_from(PIECES) | st.binary(max_size=6)).map(b"".join)


def only(body: bytes) -> Frame:
    (found,) = SSE.frames(body)
    return found


@given(BODIES)
def test_raw_frames_joined_are_the_body(body: bytes) -> None:
    found = SSE.frames(body)

    assert b"".join(one.raw for one in found) == body
    assert [body[one.start : one.end] for one in found] == [one.raw for one in found]
    assert all(one.complete for one in found[:-1])


@given(BODIES, st.integers(min_value=0, max_value=200))
def test_a_cut_changes_no_frame_before_it(body: bytes, at: int) -> None:
    kept = [one for one in SSE.frames(body) if one.end < at]

    assert list(SSE.frames(body[:at])[: len(kept)]) == kept


@given(
    st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r")),
    st.sampled_from(["\n", "\r", "\r\n"]),
)
def test_a_written_frame_reads_back(data: str, newline: str) -> None:
    found = only(SSE.frame(data, event="delta", newline=newline))

    assert (found.data, found.event, found.complete) == (data, "delta", True)


@pytest.mark.parametrize("newline", ["\n", "\r", "\r\n"], ids=["lf", "cr", "crlf"])
def test_every_line_end_ends_lines_and_frames(newline: str) -> None:
    body = newline.join(["event: a", "data: 1", "", "data: 2", "", ""]).encode()

    assert [(one.event, one.data) for one in SSE.frames(body)] == [("a", "1"), ("", "2")]
    assert SSE.newline_of(body) == newline


@pytest.mark.parametrize(
    ("body", "data"),
    [
        (b"data:x\n\n", "x"),
        (b"data: x\n\n", "x"),
        (b"data:  x\n\n", " x"),
        (b"data: a\ndata: b\n\n", "a\nb"),
        (b"data\n\n", ""),
        (b"\xef\xbb\xbfdata: x\n\n", "x"),
        ("data: a\u2028b\u0085c\n\n".encode(), "a\u2028b\u0085c"),
        (b"data: \xff!\n\n", "\ufffd!"),
    ],
    ids=[
        "no space",
        "space",
        "two spaces",
        "two lines",
        "bare name",
        "bom",
        "unicode line ends",
        "bad utf-8",
    ],
)
def test_data_is_read_as_the_grammar_says(body: bytes, data: str) -> None:
    found = only(body)

    assert found.data == data
    assert found.has_data


def test_comments_carry_no_data() -> None:
    found = only(b": OPENROUTER PROCESSING\n\n")

    assert (found.data, found.has_data, found.complete) == ("", False, True)


def test_an_unterminated_tail_is_an_incomplete_frame() -> None:
    _, tail = SSE.frames(b"data: x\n\ndata: y\n")

    assert (tail.raw, tail.data, tail.complete) == (b"data: y\n", "y", False)


def test_a_lone_surrogate_is_written_as_its_json_escape() -> None:
    assert SSE.frame('{"a":"\ud83d"}') == b'data: {"a":"\\ud83d"}\n\n'


@pytest.mark.parametrize("api", ["anthropic.messages", "openai.chat", "openai.responses", "gemini.generate"])
def test_recorded_bodies_are_byte_exact(api: str) -> None:
    streams = [reply.body for _, _, reply in accepted(api) if evident_framing(reply)]
    if not streams:
        pytest.skip("no recorded traffic here")

    assert all(b"".join(one.raw for one in SSE.frames(body)) == body for body in streams)
    assert all(one.has_data for body in streams for one in SSE.frames(body) if not one.raw.startswith(b":"))
