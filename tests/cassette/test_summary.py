"""What `cassette show` says of a cassette."""

from __future__ import annotations

from pathlib import Path

from agent_chaos.cassette.summary import call_line, show_lines, summarise
from agent_chaos.stream.exchange import reply
from tests.cassette.made import asking, cassette_at, writer_at

ANSWER = (
    b'{"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-4-8", "content": '
    b'[{"type": "text", "text": "Refunding now."}, {"type": "tool_use", "id": "toolu_1", "name": "refund", '
    b'"input": {"order": 7}}], "stop_reason": "tool_use", "usage": {"input_tokens": 30, "output_tokens": 12}}'
)


def test_a_call_tells_what_the_model_said_and_called(tmp_path: Path) -> None:
    writer = writer_at(tmp_path / "made.msgpack")
    as_json = (("content-type", "application/json"),)
    writer.exchange(
        asking("Refund order 7."), reply(200, as_json, [ANSWER], at=0.5), at=1.0, transport="httpx2"
    )
    line = call_line(writer.finish().exchanges[0])

    assert (line.model, line.text, line.stop) == ("claude-opus-4-8", "Refunding now.", "tool_use")
    assert line.tool_calls == (("refund", '{"order":7}'),)
    assert (line.input_tokens, line.output_tokens, line.status, line.ended) == (30, 12, 200, "")


def test_the_figures_add_up(tmp_path: Path) -> None:
    summary = summarise(cassette_at(tmp_path / "made.msgpack"))

    assert (summary.scenario, summary.calls, summary.tool_calls, summary.turns) == ("made", 4, 2, 2)
    assert summary.hosts == {"api.anthropic.com": 4}
    assert summary.tools == {"refund": 1, "notify": 1}
    assert summary.complete


def test_lines_tell_the_conversation_in_order(tmp_path: Path) -> None:
    lines = list(show_lines(cassette_at(tmp_path / "made.msgpack")))
    starts = [line.split(" POST")[0].split("(")[0].strip() for line in lines]

    assert starts == [
        "scenario made: 4 calls, 2 tool calls",
        "with anthropic 2.12.0",
        "conversation",
        "call 0  turn 0",
        "call 1  turn 0",
        "call 2  turn 1  no reply",
        "call 3  turn 1  204",
        "turn 0 user: Refund order 7.",
        "call 0",
        "tool refund",
        "call 1",
        "broke: reset: Connection reset",
        "turn 0 answer: Done.",
        "turn 1 user: Thanks.",
        "tool notify",
        "call 2",
        "broke: refused: All connection attempts failed",
        "call 3",
    ]
