"""A parcel desk on pydantic-ai, as its documentation of tools and streamed answers writes it."""

from __future__ import annotations

from pydantic_ai import Agent

from agent_chaos import BaselineScenario, Turn

desk = Agent("openai-chat:gpt-5-mini", instructions="You answer questions about parcels.")


@desk.tool_plain
def track_parcel(number: str) -> str:
    """Where a parcel is."""
    return f"parcel {number}: Leipzig hub"


@desk.tool_plain
def delivery_window(number: str) -> str:
    """When a parcel arrives."""
    return "24 November, 9-12"


async def agent(ctx: object, turn_input: str) -> str:
    async with desk.run_stream(turn_input) as result:
        return await result.get_output()


scenario = BaselineScenario(
    name="pydantic_ai_parcel", agent=agent, turns=[Turn("Where is my parcel 00340434161094042557?")]
)
