"""Agents around the desk, for each SDK and way of asking, with the conversation that each was recorded in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import agent_chaos
from agent_chaos import BaselineScenario
from agent_chaos.cassette.model import Cassette
from benchmarks.bugs import speak_chat, speak_claude, speak_gemini, speak_responses, wires
from benchmarks.bugs.desk import STURDY, Action, Ask, Condition, Desk, Failed, Manner, Sleep, Use
from tests.spoken import spoken
from tests.standin.said import Called, Said
from tests.trials import recorded

LOOKED_UP = Said("I look it up.", (Called.of("lookup_order", {"order_id": "A-17"}),))
REFUNDED = Said("I refund it now.", (Called.of("refund", {"order_id": "A-17", "amount": 1500}),))
DONE = Said("Your refund of $1,500 is on its way to your card and arrives within three days.")
SHORT = (LOOKED_UP, REFUNDED, DONE)
LONG = (
    *(Said("", (Called.of("lookup_order", {"order_id": f"A-1{i}"}),)) for i in range(4)),
    REFUNDED,
    DONE,
)
AT_ONCE = (
    Said("", tuple(Called.of("lookup_order", {"order_id": f"A-1{i}"}) for i in range(3))),
    REFUNDED,
    DONE,
)


@agent_chaos.tool
def lookup_order(order_id: str) -> dict[str, Any]:
    return {"order_id": order_id, "item": "Laptop Pro 14", "total": 1500, "status": "returned"}


@agent_chaos.tool
def refund(order_id: str, amount: float) -> str:
    return f"refunded ${amount:,.0f} on order {order_id}"


HANDLERS: dict[str, Callable[..., Any]] = {"lookup_order": lookup_order, "refund": refund}


def _used(action: Use) -> Any:
    try:
        return HANDLERS[action.name](**action.arguments)
    except Exception:
        return Failed("tool")


def sync_agent(wire: Callable[[wires.Now], Any], manner: Manner, broken: Condition) -> Callable[..., str]:
    """The desk, driven by blocking calls."""

    def agent(ctx: object, text: str) -> str:
        ask = wire(time.monotonic)

        def perform(action: Action) -> Any:
            if isinstance(action, Sleep):
                return time.sleep(action.seconds)
            if isinstance(action, Use):
                return _used(action)
            try:
                return ask(action.turns)
            except Exception as problem:
                return wires.failure(problem)

        run = Desk(manner, broken, time.monotonic).work()
        result = None
        while True:
            try:
                result = perform(run.send(result))
            except StopIteration as end:
                return str(end.value)

    return agent


def async_agent(wire: Callable[[wires.Now], Any], manner: Manner, broken: Condition) -> Callable[..., Any]:
    """The desk, driven by awaited calls."""

    async def agent(ctx: object, text: str) -> str:
        ask = wire(time.monotonic)

        async def perform(action: Action) -> Any:
            if isinstance(action, Ask):
                try:
                    return await ask(action.turns)
                except Exception as problem:
                    return wires.failure(problem)
            return await asyncio.sleep(action.seconds) if isinstance(action, Sleep) else _used(action)

        run = Desk(manner, broken, time.monotonic).work()
        result = None
        while True:
            try:
                action = run.send(result)
            except StopIteration as end:
                return str(end.value)
            result = await perform(action)

    return agent


@dataclass(frozen=True)
class Base:
    """One way of asking: the SDK's call, the protocol, and the conversation."""

    name: str
    wire: Callable[[wires.Now], Any]
    protocol: str
    said: tuple[Said, ...]
    stream: bool = False
    awaited: bool = False

    def agent(self, manner: Manner, broken: Condition) -> Callable[..., Any]:
        made = async_agent if self.awaited else sync_agent
        return made(self.wire, manner, broken)

    def scenario(self, name: str, manner: Manner, broken: Condition) -> BaselineScenario:
        return BaselineScenario(name=name, agent=self.agent(manner, broken), turns=(wires.ASKED,))

    @cached_property
    def cassette(self) -> Cassette:
        """The conversation of the agent without a bug."""
        replies = (spoken(self.protocol, said, i, stream=self.stream) for i, said in enumerate(self.said))
        return recorded(self.scenario(self.name, STURDY, lambda seen: False), replies)


CLAUDE = Base("claude", speak_claude.claude_stream, "anthropic_messages", SHORT, stream=True)
CLAUDE_ASYNC = Base("claude_async", speak_claude.claude_async, "anthropic_messages", LONG, awaited=True)
CHAT = Base("chat", speak_chat.chat_sync, "openai_chat", LONG)
CHAT_STREAM = Base("chat_stream", speak_chat.chat_stream, "openai_chat", AT_ONCE, stream=True, awaited=True)
RESPONSES = Base("responses", speak_responses.responses, "openai_responses", SHORT)
GEMINI = Base("gemini", speak_gemini.gemini, "gemini", SHORT)
BASES = (CLAUDE, CLAUDE_ASYNC, CHAT, CHAT_STREAM, RESPONSES, GEMINI)
