"""One agent on every real SDK, sync and async, whole and streamed: it asks, runs the tool it is told to, asks again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import anthropic
import openai
from google import genai

import agent_chaos
from tests.standin.said import Asked, Called, Said
from tests.standin.wires import MODELS

KEY = "sk-test-0123456789abcdefghijklmnop"
QUESTION = "How is the weather in Zürich?"
ANSWER = "It is 21 °C in Zürich, 晴れ, not a cloud."
SUNNY = {"sky": "clear", "degrees": 21}
_SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
_DECLARED = {"name": "weather", "description": "The weather of a city."}
_STRICT = {**_DECLARED, "parameters": _SCHEMA, "strict": True}


@agent_chaos.tool
def weather(city: str) -> dict[str, Any]:
    return dict(SUNNY)


def script(asked: Asked) -> Said:
    """What the model says: a call of the tool, then the answer."""
    if asked.turns == 0:
        return Said("I look it up.", (Called.of("weather", {"city": "Zürich"}),))
    return Said(ANSWER)


@dataclass(frozen=True)
class Heard:
    """A model turn: its text, what goes back into the history, and its calls as (id, arguments)."""

    text: str
    turn: list[Any]
    calls: list[tuple[str, dict[str, Any]]]


class Claude:
    final = "get_final_message"

    def client(self, url: str, **options: Any) -> Any:
        return anthropic.Anthropic(base_url=url, **options)

    def async_client(self, url: str, **options: Any) -> Any:
        return anthropic.AsyncAnthropic(base_url=url, **options)

    def api(self, client: Any) -> Any:
        return client.messages

    def request(self, history: list[Any]) -> dict[str, Any]:
        tools = [{**_DECLARED, "input_schema": _SCHEMA}]
        return {
            "model": MODELS["anthropic_messages"],
            "max_tokens": 99,
            "tools": tools,
            "messages": history,
        }

    def heard(self, message: Any) -> Heard:
        text = "".join(block.text for block in message.content if block.type == "text")
        calls = [(block.id, block.input) for block in message.content if block.type == "tool_use"]
        return Heard(text, [{"role": "assistant", "content": message.content}], calls)

    def told(self, id: str, result: Any) -> Any:
        done = {"type": "tool_result", "tool_use_id": id, "content": json.dumps(result)}
        return {"role": "user", "content": [done]}


class _OpenAI:
    def client(self, url: str, **options: Any) -> Any:
        return openai.OpenAI(base_url=f"{url}/v1", **options)

    def async_client(self, url: str, **options: Any) -> Any:
        return openai.AsyncOpenAI(base_url=f"{url}/v1", **options)


class Chat(_OpenAI):
    final = "get_final_completion"

    def api(self, client: Any) -> Any:
        return client.chat.completions

    def request(self, history: list[Any]) -> dict[str, Any]:
        tools = [{"type": "function", "function": _STRICT}]
        return {"model": MODELS["openai_chat"], "tools": tools, "messages": history}

    def heard(self, completion: Any) -> Heard:
        message = completion.choices[0].message
        calls = [(call.id, json.loads(call.function.arguments)) for call in message.tool_calls or ()]
        said = [{"id": id, "type": "function", "function": {**_called(args)}} for id, args in calls]
        turn = {"role": "assistant", "content": message.content, **({"tool_calls": said} if said else {})}
        return Heard(message.content or "", [turn], calls)

    def told(self, id: str, result: Any) -> Any:
        return {"role": "tool", "tool_call_id": id, "content": json.dumps(result)}


class Responses(_OpenAI):
    final = "get_final_response"

    def api(self, client: Any) -> Any:
        return client.responses

    def request(self, history: list[Any]) -> dict[str, Any]:
        tools = [{"type": "function", **_STRICT}]
        return {"model": MODELS["openai_responses"], "tools": tools, "input": history}

    def heard(self, response: Any) -> Heard:
        called = [item for item in response.output if item.type == "function_call"]
        calls = [(item.call_id, json.loads(item.arguments)) for item in called]
        turn = [{"type": "function_call", "call_id": id, **_called(arguments)} for id, arguments in calls]
        return Heard(response.output_text, turn, calls)

    def told(self, id: str, result: Any) -> Any:
        return {"type": "function_call_output", "call_id": id, "output": json.dumps(result)}


class Gemini:
    final = ""

    def client(self, url: str, **options: Any) -> Any:
        return genai.Client(api_key=options["api_key"], http_options={"base_url": url})

    def async_client(self, url: str, **options: Any) -> Any:
        return self.client(url, **options).aio

    def api(self, client: Any) -> Any:
        return client.models

    def request(self, history: list[Any]) -> dict[str, Any]:
        tools = [{"function_declarations": [{**_DECLARED, "parameters_json_schema": _SCHEMA}]}]
        config = {"tools": tools, "automatic_function_calling": {"disable": True}}
        contents = [
            one if "parts" in one else {"role": "user", "parts": [{"text": one["content"]}]}
            for one in history
        ]
        return {"model": MODELS["gemini"], "contents": contents, "config": config}

    def heard(self, chunks: Any) -> Heard:
        parts = [part for chunk in chunks for part in chunk.candidates[0].content.parts]
        calls = [("", part.function_call.args) for part in parts if part.function_call]
        dumped = [part.model_dump(exclude_none=True) for part in parts]
        return Heard("".join(p.text or "" for p in parts), [{"role": "model", "parts": dumped}], calls)

    def told(self, id: str, result: Any) -> Any:
        return {"role": "user", "parts": [{"function_response": {"name": "weather", "response": result}}]}


def _called(arguments: Any) -> dict[str, str]:
    return {"name": "weather", "arguments": json.dumps(arguments)}


SPEAKERS: dict[str, Any] = {
    "anthropic_messages": Claude(),
    "openai_chat": Chat(),
    "openai_responses": Responses(),
    "gemini": Gemini(),
}


def agent_of(
    protocol: str, url: str, *, style: str, stream: bool, http_client: Any = None
) -> Callable[..., Any]:
    """The agent on a protocol's SDK, speaking to `url`; `http_client` makes the SDK's HTTP client."""
    speaker = SPEAKERS[protocol]

    def sync(ctx: Any, text: str) -> str:
        history: list[Any] = [{"role": "user", "content": text}]
        with speaker.client(url, api_key=KEY, max_retries=0) as client:
            while (heard := speaker.heard(ask(speaker, client, history, stream))).calls:
                history += [*heard.turn, *(speaker.told(id, weather(**called)) for id, called in heard.calls)]
        return heard.text

    async def asynchronous(ctx: Any, text: str) -> str:
        history: list[Any] = [{"role": "user", "content": text}]
        own = {"http_client": http_client()} if http_client else {}
        async with speaker.async_client(url, api_key=KEY, max_retries=0, **own) as client:
            while (heard := speaker.heard(await aask(speaker, client, history, stream))).calls:
                history += [*heard.turn, *(speaker.told(id, weather(**called)) for id, called in heard.calls)]
        return heard.text

    return sync if style == "sync" else asynchronous


def ask(speaker: Any, client: Any, history: list[Any], stream: bool) -> Any:
    """One model turn, whatever the SDK calls it; of Gemini its chunks."""
    api, request = speaker.api(client), speaker.request(history)
    if not speaker.final:
        return list(api.generate_content_stream(**request)) if stream else [api.generate_content(**request)]
    if not stream:
        return api.create(**request)
    with api.stream(**request) as live:
        return getattr(live, speaker.final)()


async def aask(speaker: Any, client: Any, history: list[Any], stream: bool) -> Any:
    """As `ask`, with the async SDK."""
    api, request = speaker.api(client), speaker.request(history)
    if not speaker.final and stream:
        return [chunk async for chunk in await api.generate_content_stream(**request)]
    if not speaker.final:
        return [await api.generate_content(**request)]
    if not stream:
        return await api.create(**request)
    async with api.stream(**request) as live:
        return await getattr(live, speaker.final)()
