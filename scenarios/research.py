"""A research agent: OpenAI Responses, streaming, state kept by the server."""

import json

from openai import OpenAI

import agent_chaos
from agent_chaos import BaselineScenario, Turn

client = OpenAI()

INSTRUCTIONS = (
    "You research questions. Search, read the best source, then answer in three sentences with the source."
)

TOOLS = [
    {
        "type": "function",
        "name": "search",
        "description": "Search the library.",
        "parameters": {
            "type": "object",
            "properties": {"query": {"type": "string"}, "limit": {"type": "integer"}},
            "required": ["query", "limit"],
        },
    },
    {
        "type": "function",
        "name": "read",
        "description": "Read one document.",
        "parameters": {
            "type": "object",
            "properties": {"document": {"type": "string"}},
            "required": ["document"],
        },
    },
]


@agent_chaos.tool
def search(query: str, limit: int = 5) -> list:
    return [{"document": "tides-1921", "title": "On the tides of the North Sea"}][:limit]


@agent_chaos.tool
def read(document: str) -> str:
    return (
        "High water at Cuxhaven follows the moon's transit by about one hour; spring tides reach 3.4 metres."
    )


HANDLERS = {"search": search, "read": read}


def ask(**request):
    """Streams one response, printing nothing: the text is shown when it is whole."""
    text, calls, response_id = "", [], None
    for event in client.responses.create(
        model="gpt-5.1", instructions=INSTRUCTIONS, tools=TOOLS, stream=True, **request
    ):
        if event.type == "response.created":
            response_id = event.response.id
        elif event.type == "response.output_text.delta":
            text += event.delta
        elif event.type == "response.output_item.done" and event.item.type == "function_call":
            calls.append(event.item)
    return text, calls, response_id


def agent(ctx, turn_input):
    text, calls, previous = ask(input=turn_input)
    while calls:
        outputs = [
            {
                "type": "function_call_output",
                "call_id": call.call_id,
                "output": json.dumps(HANDLERS[call.name](**json.loads(call.arguments))),
            }
            for call in calls
        ]
        text, calls, previous = ask(input=outputs, previous_response_id=previous)
    return text


research_scenario = BaselineScenario(
    name="research",
    description="A question that takes a search and a document to answer.",
    agent=agent,
    turns=[Turn("How high do spring tides reach at Cuxhaven, and when after the moon's transit?")],
)
