"""A trip planner: Gemini, async, function calling with the history kept by hand."""

from google import genai
from google.genai import types

import agent_chaos
from agent_chaos import BaselineScenario, Turn

client = genai.Client()

CONFIG = types.GenerateContentConfig(
    system_instruction="You plan short trips by train. Check trains and hotels before you promise anything.",
    tools=[
        types.Tool(
            function_declarations=[
                types.FunctionDeclaration(
                    name="find_trains",
                    description="Trains between two cities on a date.",
                    parameters_json_schema={
                        "type": "object",
                        "properties": {
                            "origin": {"type": "string"},
                            "destination": {"type": "string"},
                            "date": {"type": "string"},
                        },
                        "required": ["origin", "destination", "date"],
                    },
                ),
                types.FunctionDeclaration(
                    name="book_hotel",
                    description="Book a hotel room, up to a price per night in euros.",
                    parameters_json_schema={
                        "type": "object",
                        "properties": {
                            "city": {"type": "string"},
                            "nights": {"type": "integer"},
                            "max_price": {"type": "integer"},
                        },
                        "required": ["city", "nights", "max_price"],
                    },
                ),
            ]
        )
    ],
    automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
)


@agent_chaos.tool
async def find_trains(origin: str, destination: str, date: str) -> dict:
    return {"trains": [{"leaves": "08:28", "arrives": "12:26", "price": 49}]}


@agent_chaos.tool
async def book_hotel(city: str, nights: int, max_price: int) -> dict:
    return {
        "hotel": "Zum Anker",
        "city": city,
        "nights": nights,
        "price": min(max_price, 118),
        "booked": True,
    }


HANDLERS = {"find_trains": find_trains, "book_hotel": book_hotel}


async def agent(ctx, turn_input):
    contents = [types.Content(role="user", parts=[types.Part(text=turn_input)])]
    for _ in range(8):
        response = await client.aio.models.generate_content(
            model="gemini-3-flash", contents=contents, config=CONFIG
        )
        if not response.function_calls:
            return {"response": response.text}
        contents.append(response.candidates[0].content)
        parts = []
        for call in response.function_calls:
            result = await HANDLERS[call.name](**call.args)
            parts.append(types.Part.from_function_response(name=call.name, response={"result": result}))
        contents.append(types.Content(role="user", parts=parts))
    return {"response": "I could not finish the plan."}


trip_scenario = BaselineScenario(
    name="trip",
    description="A weekend in Hamburg by train, with a hotel.",
    agent=agent,
    turns=[
        Turn(
            "Plan a weekend in Hamburg from Berlin on 2026-12-05, two nights, hotel up to 120 euros a night."
        )
    ],
)
