"""A travel desk on google-genai's chat with automatic function calling, as its documentation writes it."""

from __future__ import annotations

from google import genai
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


def agent(ctx: object, turn_input: str) -> str:
    client = genai.Client()
    chat = client.chats.create(
        model="gemini-3-flash", config=types.GenerateContentConfig(tools=[find_trains, book_hotel])
    )
    return str(chat.send_message(turn_input).text)


scenario = BaselineScenario(
    name="genai_sdk_trip", agent=agent, turns=[Turn("Plan two days in Hamburg from 5 December.")]
)
