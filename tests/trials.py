"""Cassettes without a network: runs an agent against scripted replies, and keeps what it asked and got."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import zip_longest
from random import Random
from typing import Any

from agent_chaos.cassette.keys import KEY_VERSION, keys_of
from agent_chaos.cassette.model import Cassette, Exchange, Header, ToolEnd, ToolRecord
from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.faults.plan import Plan
from agent_chaos.patch.install import install_offline
from agent_chaos.providers.registry import recognise
from agent_chaos.replay.match import ExchangeIndex
from agent_chaos.runtime.active import enter, leave
from agent_chaos.runtime.answer import Answered, ToolAnswer
from agent_chaos.runtime.clock import VirtualClock
from agent_chaos.runtime.session import Session
from agent_chaos.runtime.tape import Tape
from agent_chaos.scenario.model import BaselineScenario
from agent_chaos.stream.exchange import Reply, Request, reply
from agent_chaos.trace.trace import Trace
from agent_chaos.trial.conversation import Conversation
from agent_chaos.trial.trial import TrialSetup, run_trial

START = 1_750_000_000.0


class Scripted:
    """Answers with scripted replies in order, and runs tools for real, keeping both."""

    def __init__(self, session: Session, replies: Iterable[Reply]) -> None:
        self._session = session
        self._replies = iter(replies)
        self._redact = Redactor.from_environ({}).request
        self.exchanges: list[Exchange] = []
        self.tools: list[ToolRecord] = []

    def http(self, request: Request, transport: str) -> Answered:
        protocol = recognise(request)
        redacted = self._redact(request)
        answer = next(self._replies)
        self.exchanges.append(
            Exchange(
                index=len(self.exchanges),
                turn=self._session.turn,
                at=self._session.clock.now(),
                request=redacted,
                reply=answer,
                keys=keys_of(redacted),
                protocol=protocol.name if protocol else "",
                transport=transport,
            )
        )
        return Answered(answer, len(self.exchanges) - 1)

    def tool(self, name: str, arguments: Any, *, pure: bool) -> ToolAnswer:
        return ToolAnswer(name, arguments, run=True)

    def runs_for_real(self, name: str) -> bool:
        return False

    def tool_ran(self, answer: ToolAnswer, end: ToolEnd) -> None:
        self.tools.append(
            ToolRecord(
                index=len(self.tools),
                turn=self._session.turn,
                at=self._session.clock.now(),
                name=answer.name,
                arguments=answer.arguments,
                end=end,
                after=len(self.exchanges) - 1,
            )
        )


def recorded(scenario: BaselineScenario, replies: Iterable[Reply], *, seed: int = 7) -> Cassette:
    """The cassette of the scenario's agent against scripted replies."""
    install_offline()
    session = Session(clock=VirtualClock(START), tape=Tape(), jitter=Random(seed), chance=Random(seed))
    script = session.answers = Scripted(session, replies)
    token = enter(session)
    try:
        Conversation(scenario, session).run()
    finally:
        leave(session, token)
    return Cassette(
        header=Header(scenario=scenario.name, started_at=START, seed=seed, key_version=KEY_VERSION),
        exchanges=tuple(script.exchanges),
        tools=tuple(script.tools),
        keys=tuple(exchange.keys for exchange in script.exchanges),
    )


def nothing_recorded() -> Cassette:
    """The cassette of an agent that asks no model. Nothing runs for it, so that it may be made while tests are collected."""
    return Cassette(header=Header(scenario="test", started_at=START, seed=7, key_version=KEY_VERSION))


def trial(scenario: BaselineScenario, cassette: Cassette, plan: Plan | None = None, **limits: Any) -> Trace:
    """One trial of the scenario on a cassette."""
    install_offline()
    index = ExchangeIndex(cassette, Redactor.from_environ({}))
    setup = {"max_requests": 100, "max_virtual_s": 600.0, **limits}
    return run_trial(TrialSetup(scenario, index, plan or Plan(), **setup))


def scenario(agent: Any, *turns: str, **fields: Any) -> BaselineScenario:
    """A scenario of an agent, with one turn unless told."""
    return BaselineScenario(name="test", agent=agent, turns=turns or ("go",), **fields)


def json_reply(value: Any, *, status: int = 200, at: float = 0.5, **headers: str) -> Reply:
    """A JSON reply after `at` seconds; underscores in header names become dashes."""
    fields = [("content-type", "application/json"), *((k.replace("_", "-"), v) for k, v in headers.items())]
    return reply(status, fields, [json.dumps(value).encode()], at=at)


def claude_says(text: str, *, id: str = "msg_01ABCDEFGHJKLMNPQRSTUVWX", at: float = 0.5) -> Reply:
    """A whole Anthropic message of one text."""
    return json_reply(claude_message([{"type": "text", "text": text}], "end_turn", id=id), at=at)


def claude_message(content: list[dict[str, Any]], stop: str, *, id: str = "msg_01") -> dict[str, Any]:
    return {
        "id": id,
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5",
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {"input_tokens": 12, "output_tokens": 7},
    }


def claude_stream(events: Iterable[dict[str, Any]], *, at: float = 0.3, gap_s: float = 0.01) -> Reply:
    """An Anthropic event stream, one event a chunk."""
    chunks = [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events]
    return reply(200, [("content-type", "text/event-stream; charset=utf-8")], chunks, at=at, gap_s=gap_s)


def assert_equal_traces(traces):
    """Fails with the first entry in which a trace differs from the first one."""
    first = traces[0]
    for number, trace in enumerate(traces):
        for one, other in zip_longest(first.entries, trace.entries):
            assert repr(other) == repr(one), f"trace {number}: {other!r:.500} and not {one!r:.500}"
        assert trace.digest == first.digest
