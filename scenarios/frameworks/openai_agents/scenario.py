"""A refund desk on the OpenAI Agents SDK, on a chat completions model, streamed, as its documentation writes it."""

from __future__ import annotations

from agents import Agent, OpenAIChatCompletionsModel, Runner, function_tool, set_tracing_disabled
from openai import AsyncOpenAI

from agent_chaos import BaselineScenario, Turn

set_tracing_disabled(True)


@function_tool
def lookup_order(order_id: str) -> dict[str, object]:
    """Look up an order by its id."""
    return {"order_id": order_id, "item": "Laptop Pro 14", "total": 1500, "status": "returned"}


@function_tool
def refund(order_id: str, amount: float) -> str:
    """Refund an amount in dollars for an order."""
    return f"refunded ${amount:,.0f} on order {order_id}"


desk = Agent(
    name="Refunds",
    instructions="You refund returned orders.",
    model=OpenAIChatCompletionsModel("gpt-5-mini", AsyncOpenAI()),
    tools=[lookup_order, refund],
)


async def agent(ctx: object, turn_input: str) -> str:
    result = Runner.run_streamed(desk, turn_input)
    async for _ in result.stream_events():
        pass
    return str(result.final_output)


scenario = BaselineScenario(
    name="openai_agents_refund", agent=agent, turns=[Turn("I returned order A-17, refund it please.")]
)
