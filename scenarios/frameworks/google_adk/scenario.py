"""A travel desk on Google's ADK, as its documentation of agents and of streaming writes it."""

from __future__ import annotations

from google.adk.agents import Agent
from google.adk.agents.run_config import RunConfig, StreamingMode
from google.adk.runners import InMemoryRunner
from google.genai import types

import agent_chaos
from agent_chaos import BaselineScenario, Turn


@agent_chaos.tool
def find_trains(origin: str, destination: str, date: str) -> dict[str, object]:
    """Finds trains between two cities on a date."""
    return {"trains": [{"departs": "08:28", "price": 49}]}


@agent_chaos.tool
def book_hotel(city: str, nights: int, max_price: float) -> dict[str, object]:
    """Books a hotel in a city."""
    return {"hotel": "Zum Anker", "price": 118}


async def agent(ctx: object, turn_input: str) -> str:
    desk = Agent(name="travel", model="gemini-3-flash", tools=[find_trains, book_hotel])
    runner = InMemoryRunner(agent=desk, app_name="travel")
    session = await runner.session_service.create_session(app_name="travel", user_id="u")
    message = types.Content(role="user", parts=[types.Part(text=turn_input)])
    answer = ""
    async for event in runner.run_async(
        user_id="u",
        session_id=session.id,
        new_message=message,
        run_config=RunConfig(streaming_mode=StreamingMode.SSE),
    ):
        if event.is_final_response() and event.content and event.content.parts:
            answer = "".join(part.text or "" for part in event.content.parts)
    return answer


scenario = BaselineScenario(
    name="google_adk_trip", agent=agent, turns=[Turn("Plan two days in Hamburg from 5 December.")]
)
