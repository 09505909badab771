"""Laws that every protocol keeps: a folder with a `PROTOCOL` is an item of each, named for it, and needs a wire in the stand-in."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from agent_chaos.providers.registry import protocols, recognise, vendors
from agent_chaos.providers.rules import ADVICE
from agent_chaos.providers.turn import ErrorKind, Message, Prompt, Text, ToolCall, ToolResult, ToolSpec
from agent_chaos.stream.exchange import Data, End, Reply
from tests.faults.catalogued import SAID
from tests.spoken import request, spoken
from tests.standin.wires import WIRES

every_protocol = pytest.mark.parametrize("name", protocols())
CALL = ToolCall("D681PevKs", "refund", '{"order":"A-17"}')
ASKED = Prompt(
    model="m",
    system="Be kind.",
    messages=(
        Message("user", (Text("go"),)),
        Message("assistant", (CALL,)),
        Message("tool", (ToolResult(CALL.id, "refund", "done"),)),
    ),
    tools=(ToolSpec("refund", {"type": "object"}),),
    stream=True,
)


@every_protocol
def test_the_standin_speaks_it(name):
    assert name in WIRES


@every_protocol
def test_a_request_it_writes_is_its_own_and_asks_the_same(name):
    wire = protocols()[name]
    asked = wire.request(ASKED)
    told = wire.prompt(asked)

    assert recognise(asked) is wire
    assert wire.streaming(asked)
    assert (told.model, told.tools, told.stream) == (ASKED.model, ASKED.tools, True)
    assert "Be kind." in told.system
    assert [(call.name, call.arguments) for call in _calls(told)] == [(CALL.name, CALL.arguments)]
    assert _calls(told)[0].id == CALL.id or "call_ids" not in wire.carries
    assert list(wire.problems(asked, ())) == []


@every_protocol
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_what_it_reads_it_writes_and_reads_again(name, stream):
    wire = protocols()[name]
    for said in SAID.values():
        reply = spoken(name, said, stream=stream)
        turn = wire.parse(reply)
        fresh = wire.render(turn, Reply((reply.events[0], reply.events[-1])))

        assert turn.text == said.text
        assert [(one.name, json.loads(one.arguments)) for one in turn.tool_calls] == [
            (call.name, call.arguments) for call in said.calls
        ]
        assert (turn.complete, turn.streamed, turn.error) == (True, stream, None)
        assert wire.render(turn, reply) == reply
        assert wire.parse(fresh) == turn


def _calls(told: Prompt) -> list[ToolCall]:
    return [part for one in told.messages for part in one.parts if isinstance(part, ToolCall)]


@every_protocol
def test_every_error_is_an_answer_of_its_own(name):
    wire = protocols()[name]
    for kind in get_args(ErrorKind):
        reply = wire.error_reply(kind, request(name, stream=False))
        waits = wire.error_reply(kind, request(name, stream=True), retry_after_s=7)

        assert 400 <= reply.status < 600
        assert reply.header("content-length") in ("", str(len(reply.body)))
        assert (waits.headers, waits.body) != (reply.headers, reply.body)
        assert wire.parse(reply).parts == ()


@every_protocol
def test_an_error_within_a_stream_ends_what_was_said(name):
    wire = protocols()[name]
    whole = spoken(name, SAID["text"], stream=True)
    begun = b"".join(one.raw for one in wire.framings[0].frames_of(whole)[:2])
    data = Data(begun + wire.error_frames("server_error", whole), 1.0)
    turn = wire.parse(Reply((whole.events[0], data, End(1.0))))

    assert turn.error is not None
    assert turn.stop not in ("end", "tool_use")


@every_protocol
def test_it_says_whose_it_is(name):
    wire = protocols()[name]

    assert name in vendors()[wire.vendor]
    assert wire.modules
    assert wire.key_variables
    assert type(wire).__doc__


def test_every_problem_has_an_advice():
    assert all(rule and advice for rule, advice in ADVICE.items())
