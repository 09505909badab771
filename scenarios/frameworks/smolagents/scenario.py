"""A parcel desk on smolagents, as its documentation of ToolCallingAgent writes it."""

from __future__ import annotations

from smolagents import LogLevel, OpenAIModel, ToolCallingAgent, tool

from agent_chaos import BaselineScenario, Turn


@tool
def track_parcel(number: str) -> str:
    """Where a parcel is.

    Args:
        number: the number of the parcel
    """
    return f"parcel {number}: Leipzig hub"


@tool
def delivery_window(number: str) -> str:
    """When a parcel arrives.

    Args:
        number: the number of the parcel
    """
    return "24 November, 9-12"


def agent(ctx: object, turn_input: str) -> str:
    desk = ToolCallingAgent(
        tools=[track_parcel, delivery_window],
        model=OpenAIModel("gpt-5-mini"),
        verbosity_level=LogLevel.OFF,
    )
    return str(desk.run(turn_input))


scenario = BaselineScenario(
    name="smolagents_parcel", agent=agent, turns=[Turn("Where is my parcel 00340434161094042557?")]
)
