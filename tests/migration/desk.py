"""The shop's agent as the defects of 0.1.3 show: with its SDK's retries only, streaming, and asking again itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anthropic

from agent_chaos.results.run_report import RunReport
from agent_chaos.scenario import ChaosScenario, run_scenario
from tests.migration import shop_agent

KEY = "sk-ant-test-0123456789abcdefghijklmnop"
CASSETTES = Path(__file__).parent / "cassettes"
ORDER, STOCK, THANKS = "Where is my order A-17?", "Is the blue mug in stock?", "Thank you, that is all."
WHOLE, STREAMED = "shop-support", "slow-morning"
"""Recordings: three turns of five calls, and two turns of four, streamed."""

Turn = Callable[[list[Any]], Any]


def ran(*chaos: Any, agent: Any, recording: str = WHOLE, turns: Any = None, **fields: Any) -> RunReport:
    """The report of the agent with chaos, on a recording of the shop."""
    asked = {WHOLE: (ORDER, STOCK, THANKS), STREAMED: (ORDER, STOCK)}[recording]
    seed = fields.pop("seed", None)
    scenario = ChaosScenario(
        name="desk",
        agent=agent,
        turns=turns or asked,
        chaos=chaos,
        cassette=CASSETTES / f"{recording}.msgpack",
        **fields,
    )
    return run_scenario(scenario, seed=seed)


def requested(messages: list[Any]) -> dict[str, Any]:
    return {
        "model": "claude-sonnet-5",
        "max_tokens": 500,
        "system": shop_agent.SYSTEM,
        "tools": shop_agent.TOOLS,
        "messages": messages,
    }


def conversing(turn: Turn) -> Callable[[Any, str], str]:
    """An agent that asks with `turn` until no tool is called; its messages stay in `ctx.agent_state`."""

    def agent(ctx: Any, text: str) -> str:
        messages = ctx.agent_state.setdefault("messages", [])
        messages.append({"role": "user", "content": text})
        while True:
            message = turn(messages)
            messages.append({"role": "assistant", "content": message.content})
            if message.stop_reason != "tool_use":
                return "".join(block.text for block in message.content if block.type == "text")
            messages.append({"role": "user", "content": list(map(result, used(message)))})

    return agent


def used(message: Any) -> list[Any]:
    return [block for block in message.content if block.type == "tool_use"]


def result(block: Any) -> dict[str, Any]:
    content = json.dumps(shop_agent.HANDLERS[block.name](**block.input))
    return {"type": "tool_result", "tool_use_id": block.id, "content": content}


def plain(max_retries: int = 5, **client: Any) -> Callable[[Any, str], str]:
    """Catches nothing; its SDK tries again."""
    return conversing(
        lambda messages: anthropic.Anthropic(api_key=KEY, max_retries=max_retries, **client).messages.create(
            **requested(messages)
        )
    )


def streaming(**client: Any) -> Callable[[Any, str], str]:
    """Streams, and catches nothing."""

    def turn(messages: list[Any]) -> Any:
        with anthropic.Anthropic(api_key=KEY, **client).messages.stream(**requested(messages)) as live:
            return live.get_final_message()

    return conversing(turn)


def stubborn() -> Callable[[Any, str], str]:
    """Streams, and asks again whatever went wrong."""

    def turn(messages: list[Any]) -> Any:
        for _ in range(3):
            try:
                with anthropic.Anthropic(api_key=KEY).messages.stream(**requested(messages)) as live:
                    return live.get_final_message()
            except Exception:
                continue
        raise RuntimeError("three attempts")

    return conversing(turn)


ASKING: dict[str, Any] = {
    "model": "claude-sonnet-5",
    "max_tokens": 99,
    "messages": [{"role": "user", "content": "go"}],
}


def text_of(events: list[Any]) -> str:
    deltas = [event.delta for event in events if event.type == "content_block_delta"]
    return "".join(delta.text for delta in deltas)


def created(ctx: Any, text: str) -> str:
    return text_of(list(anthropic.Anthropic(api_key=KEY).messages.create(**ASKING, stream=True)))


def streamed(ctx: Any, text: str) -> str:
    with anthropic.Anthropic(api_key=KEY).messages.stream(**ASKING) as live:
        return live.get_final_text()


async def created_async(ctx: Any, text: str) -> str:
    live = await anthropic.AsyncAnthropic(api_key=KEY).messages.create(**ASKING, stream=True)
    return text_of([event async for event in live])


async def streamed_async(ctx: Any, text: str) -> str:
    async with anthropic.AsyncAnthropic(api_key=KEY).messages.stream(**ASKING) as live:
        return await live.get_final_text()


STYLES = {one.__name__: one for one in (created, streamed, created_async, streamed_async)}
"""Every way of the SDK to stream."""
