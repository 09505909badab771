"""One question through each real SDK: sync and async, whole and streamed, with its own defaults and nothing caught.

An agent answers with what it was told: `response` is the text, `calls` the tool calls, `stop` why the model stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import anthropic
import openai
from google import genai

from tests.standin.vectors import TEXTS
from tests.standin.wires import MODELS

KEY = "sk-test-0123456789abcdefghijklmnop"
_MESSAGES: Any = [{"role": "user", "content": "go"}]
_ANTHROPIC: dict[str, Any] = {"model": MODELS["anthropic_messages"], "max_tokens": 99, "messages": _MESSAGES}
_CHAT: dict[str, Any] = {"model": MODELS["openai_chat"], "messages": _MESSAGES}
_RESPONSES: dict[str, Any] = {"model": MODELS["openai_responses"], "input": "go"}
_GEMINI: dict[str, Any] = {"model": MODELS["gemini"], "contents": "go"}
_EMBED: dict[str, Any] = {"model": "text-embedding-3-small", "input": list(TEXTS)}
_GEMINI_EMBED: dict[str, Any] = {"model": "gemini-embedding-001", "contents": list(TEXTS)}
Told = dict[str, Any]


def _message(message: Any) -> Told:
    text = "".join(block.text for block in message.content if block.type == "text")
    calls = [block.input for block in message.content if block.type == "tool_use"]
    return {"response": text, "calls": calls, "stop": message.stop_reason}


def _completion(completion: Any) -> Told:
    (choice,) = completion.choices
    calls = [call.function.arguments for call in choice.message.tool_calls or ()]
    return {"response": choice.message.content or "", "calls": calls, "stop": choice.finish_reason}


def _response(response: Any) -> Told:
    calls = [item.arguments for item in response.output if item.type == "function_call"]
    return {"response": response.output_text, "calls": calls, "stop": response.status}


def _chunks(chunks: Iterable[Any]) -> Told:
    candidates = [candidate for chunk in chunks for candidate in chunk.candidates or ()]
    parts = [part for candidate in candidates if candidate.content for part in candidate.content.parts or ()]
    stops = [candidate.finish_reason.value for candidate in candidates if candidate.finish_reason]
    return {
        "response": "".join(part.text or "" for part in parts),
        "calls": [part.function_call.args for part in parts if part.function_call],
        "stop": stops[-1] if stops else None,
    }


def _anthropic(ctx: object, text: str) -> Told:
    return _message(anthropic.Anthropic(api_key=KEY).messages.create(**_ANTHROPIC))


def _anthropic_streamed(ctx: object, text: str) -> Told:
    with anthropic.Anthropic(api_key=KEY).messages.stream(**_ANTHROPIC) as stream:
        return _message(stream.get_final_message())


async def _anthropic_async(ctx: object, text: str) -> Told:
    return _message(await anthropic.AsyncAnthropic(api_key=KEY).messages.create(**_ANTHROPIC))


async def _anthropic_streamed_async(ctx: object, text: str) -> Told:
    async with anthropic.AsyncAnthropic(api_key=KEY).messages.stream(**_ANTHROPIC) as stream:
        return _message(await stream.get_final_message())


def _chat(ctx: object, text: str) -> Told:
    return _completion(openai.OpenAI(api_key=KEY).chat.completions.create(**_CHAT))


def _chat_streamed(ctx: object, text: str) -> Told:
    with openai.OpenAI(api_key=KEY).chat.completions.stream(**_CHAT) as stream:
        return _completion(stream.get_final_completion())


async def _chat_async(ctx: object, text: str) -> Told:
    return _completion(await openai.AsyncOpenAI(api_key=KEY).chat.completions.create(**_CHAT))


async def _chat_streamed_async(ctx: object, text: str) -> Told:
    async with openai.AsyncOpenAI(api_key=KEY).chat.completions.stream(**_CHAT) as stream:
        return _completion(await stream.get_final_completion())


def _responses(ctx: object, text: str) -> Told:
    return _response(openai.OpenAI(api_key=KEY).responses.create(**_RESPONSES))


def _responses_streamed(ctx: object, text: str) -> Told:
    with openai.OpenAI(api_key=KEY).responses.stream(**_RESPONSES) as stream:
        return _response(stream.get_final_response())


async def _responses_async(ctx: object, text: str) -> Told:
    return _response(await openai.AsyncOpenAI(api_key=KEY).responses.create(**_RESPONSES))


async def _responses_streamed_async(ctx: object, text: str) -> Told:
    async with openai.AsyncOpenAI(api_key=KEY).responses.stream(**_RESPONSES) as stream:
        return _response(await stream.get_final_response())


def _gemini(ctx: object, text: str) -> Told:
    with genai.Client(api_key=KEY) as client:
        return _chunks([client.models.generate_content(**_GEMINI)])


def _gemini_streamed(ctx: object, text: str) -> Told:
    with genai.Client(api_key=KEY) as client:
        return _chunks(client.models.generate_content_stream(**_GEMINI))


async def _gemini_async(ctx: object, text: str) -> Told:
    async with genai.Client(api_key=KEY).aio as client:
        return _chunks([await client.models.generate_content(**_GEMINI)])


async def _gemini_streamed_async(ctx: object, text: str) -> Told:
    async with genai.Client(api_key=KEY).aio as client:
        stream = await client.models.generate_content_stream(**_GEMINI)
        return _chunks([chunk async for chunk in stream])


def _vectors(found: Iterable[Any]) -> Told:
    return {"response": repr([list(one) for one in found])}


def _embed(ctx: object, text: str) -> Told:
    return _vectors(one.embedding for one in openai.OpenAI(api_key=KEY).embeddings.create(**_EMBED).data)


async def _embed_async(ctx: object, text: str) -> Told:
    made = await openai.AsyncOpenAI(api_key=KEY).embeddings.create(**_EMBED)
    return _vectors(one.embedding for one in made.data)


def _gemini_embed(ctx: object, text: str) -> Told:
    with genai.Client(api_key=KEY) as client:
        made = client.models.embed_content(**_GEMINI_EMBED)
    return _vectors(one.values or () for one in made.embeddings or ())


async def _gemini_embed_async(ctx: object, text: str) -> Told:
    async with genai.Client(api_key=KEY).aio as client:
        made = await client.models.embed_content(**_GEMINI_EMBED)
    return _vectors(one.values or () for one in made.embeddings or ())


AGENTS: dict[tuple[str, bool, str], Callable[[object, str], Any]] = {
    ("anthropic_messages", False, "sync"): _anthropic,
    ("anthropic_messages", False, "async"): _anthropic_async,
    ("anthropic_messages", True, "sync"): _anthropic_streamed,
    ("anthropic_messages", True, "async"): _anthropic_streamed_async,
    ("openai_chat", False, "sync"): _chat,
    ("openai_chat", False, "async"): _chat_async,
    ("openai_chat", True, "sync"): _chat_streamed,
    ("openai_chat", True, "async"): _chat_streamed_async,
    ("openai_responses", False, "sync"): _responses,
    ("openai_responses", False, "async"): _responses_async,
    ("openai_responses", True, "sync"): _responses_streamed,
    ("openai_responses", True, "async"): _responses_streamed_async,
    ("gemini", False, "sync"): _gemini,
    ("gemini", False, "async"): _gemini_async,
    ("gemini", True, "sync"): _gemini_streamed,
    ("gemini", True, "async"): _gemini_streamed_async,
}
"""By protocol, whether it streams, and whether it is sync or async."""
EMBEDDERS: dict[tuple[str, bool, str], Callable[[object, str], Any]] = {
    ("openai_embeddings", False, "sync"): _embed,
    ("openai_embeddings", False, "async"): _embed_async,
    ("gemini_embeddings", False, "sync"): _gemini_embed,
    ("gemini_embeddings", False, "async"): _gemini_embed_async,
}
"""The same of those that ask for embeddings."""
