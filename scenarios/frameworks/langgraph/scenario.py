"""A refund desk on LangGraph, as LangChain's documentation of `create_agent` and of streaming writes it."""

from __future__ import annotations

from langchain.agents import create_agent
from langchain.tools import tool

from agent_chaos import BaselineScenario, Turn


@tool
def lookup_order(order_id: str) -> dict[str, object]:
    """Look up an order by its id."""
    return {"order_id": order_id, "item": "Laptop Pro 14", "total": 1500, "status": "returned"}


@tool
def refund(order_id: str, amount: float) -> str:
    """Refund an amount in dollars for an order."""
    return f"refunded ${amount:,.0f} on order {order_id}"


graph = create_agent("anthropic:claude-sonnet-5", tools=[lookup_order, refund])


def agent(ctx: object, turn_input: str) -> str:
    answer = ""
    for chunk, metadata in graph.stream(
        {"messages": [{"role": "user", "content": turn_input}]}, stream_mode="messages"
    ):
        if metadata["langgraph_node"] == "model":
            answer += chunk.text
    return answer


scenario = BaselineScenario(
    name="langgraph_refund", agent=agent, turns=[Turn("I returned order A-17, refund it please.")]
)
