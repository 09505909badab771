"""A result that the model is given for another call."""

import asyncio
import json

import openai
import pytest
from google import genai
from google.genai import types

import agent_chaos
from agent_chaos.oracles.verdict import Verdict
from tests.oracles.desk import KEY, fault, found, judged
from tests.spoken import MODELS
from tests.standin.said import Called, Said

BOTH = Said("", (Called.of("weather", {"city": "Oslo"}), Called.of("weather", {"city": "Rome"})))
SAID = (BOTH, Said("Snow in Oslo, sun in Rome."))
SLOW = {"tool 0": fault("tool_slow", seconds=5)}
DECLARED = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


@agent_chaos.tool
async def weather(city: str) -> str:
    return {"Oslo": "snow", "Rome": "sun"}[city]


async def as_they_finish(running):
    # Not `asyncio.as_completed`, which starts them in the order of a set.
    results = []

    async def keep(one):
        results.append(await one)

    await asyncio.gather(*map(keep, running))
    return results


async def in_order(running):
    return await asyncio.gather(*running)


def chat(collected, tool=weather):
    async def agent(ctx, text):
        client = openai.AsyncOpenAI(api_key=KEY)
        tools = [{"type": "function", "function": {"name": "weather", "parameters": DECLARED}}]
        messages = [{"role": "user", "content": text}]
        while True:
            asked = {"model": MODELS["openai_chat"], "messages": messages, "tools": tools}
            message = (await client.chat.completions.create(**asked)).choices[0].message
            if not message.tool_calls:
                return message.content
            running = [tool(**json.loads(one.function.arguments)) for one in message.tool_calls]
            results = zip(message.tool_calls, await collected(running), strict=True)
            told = [{"role": "tool", "tool_call_id": one.id, "content": result} for one, result in results]
            messages += [message.model_dump(exclude_none=True), *told]

    return agent


def gemini(collected):
    async def agent(ctx, text):
        client = genai.Client(api_key=KEY).aio
        declared = types.FunctionDeclaration(name="weather", parameters_json_schema=DECLARED)
        off = types.AutomaticFunctionCallingConfig(disable=True)
        tools = [types.Tool(function_declarations=[declared])]
        config = types.GenerateContentConfig(tools=tools, automatic_function_calling=off)
        contents = [types.Content(role="user", parts=[types.Part(text=text)])]
        while True:
            reply = await client.models.generate_content(
                model=MODELS["gemini"], contents=contents, config=config
            )
            if not reply.function_calls:
                return reply.text
            results = await collected([weather(**one.args) for one in reply.function_calls])
            told = [
                types.Part.from_function_response(name="weather", response={"is": one}) for one in results
            ]
            contents += [reply.candidates[0].content, types.Content(role="user", parts=told)]

    return agent


SPEAKING = {"openai_chat": chat, "gemini": gemini}


@pytest.mark.parametrize("protocol", SPEAKING)
def test_results_in_the_order_in_which_tools_finish_are_given_for_other_calls(protocol):
    def under(collected):
        return judged(SPEAKING[protocol](collected), protocol, SLOW, said=SAID, stream=False)

    mixed = under(as_they_finish)

    assert "mixed_results:weather" in found(mixed)
    assert "Oslo" in next(one.reason for one in mixed.violations if one.oracle == "mixed_results")
    assert under(in_order).verdict is Verdict.PASS


@agent_chaos.tool
def hotels(city: str) -> list[str]:
    return {"Oslo": [], "Rome": ["Roma Inn"]}[city]


@agent_chaos.tool
def seats(city: str) -> str:
    if city == "Oslo":
        raise LookupError(city)
    return "4 seats"


SOUND = {
    "another-calls-result-by-the-fault": (weather, fault("tool_stale", copied="other")),
    "empty-as-another-usually-is": (hotels, fault("tool_empty", value="list")),
    "failed-as-another-usually-does": (seats, fault("tool_raise")),
}


@pytest.mark.parametrize(
    ("wire", "of"),
    [("{}", "city"), ("the-{}", "city"), ("{}_at", "place")],
    ids=["same", "renamed", "reworded"],
)
@pytest.mark.parametrize(("tool", "one"), SOUND.values(), ids=SOUND)
def test_a_result_that_the_tool_itself_gave_or_an_error_told_in_the_usual_words_is_not_mixed_up(
    tool, one, wire, of
):
    async def told(running):
        results = await asyncio.gather(*running, return_exceptions=True)
        return ["It failed." if isinstance(one, Exception) else json.dumps(one) for one in results]

    async def run(**given):
        result = tool(*given.values())
        return await result if asyncio.iscoroutine(result) else result

    asked = Said("", tuple(Called.of(wire.format(tool.__name__), {of: city}) for city in ("Oslo", "Rome")))
    outcome = judged(chat(told, run), "openai_chat", {"tool 1": one}, said=(asked, SAID[1]), stream=False)

    assert outcome.trace.fired
    assert found(outcome) == set()


def test_a_result_that_takes_the_place_of_one_that_failed_is_found():
    async def dropping(running):
        results = await asyncio.gather(*running, return_exceptions=True)
        whole = [one for one in results if not isinstance(one, Exception)]
        return [*whole, *["It failed."] * (len(results) - len(whole))]

    failed = {"tool 0": fault("tool_raise")}

    assert "mixed_results:weather" in found(
        judged(chat(dropping), "openai_chat", failed, said=SAID, stream=False)
    )
