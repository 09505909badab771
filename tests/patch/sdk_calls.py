"""One call per protocol through the real SDKs, sync and async, streaming or not, and the replies a server gives them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import anthropic
import openai

from tests.patch.raw_server import Got, Wire

KEY = "sk-test-0123456789abcdefghijklmnop"
PROTOCOLS = ("anthropic_messages", "openai_chat", "openai_responses", "gemini")
TEXT = "Grüße, 世界!"
PARTS = ["Grüße", ", 世界", "!"]


def _data(value: Any, event: str = "") -> bytes:
    start = f"event: {event}\n" if event else ""
    return f"{start}data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


def _anthropic() -> dict[str, Any]:
    return {
        "id": "msg_01ABCDEFabcdef",
        "type": "message",
        "role": "assistant",
        "model": "claude-opus-4-8",
        "content": [{"type": "text", "text": TEXT}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 11, "output_tokens": 7},
    }


def _anthropic_frames() -> list[bytes]:
    start = {**_anthropic(), "content": [], "stop_reason": None}
    delta = {"stop_reason": "end_turn", "stop_sequence": None}
    values: list[dict[str, Any]] = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": part}}
            for part in PARTS
        ),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 7}},
        {"type": "message_stop"},
    ]
    return [_data(value, value["type"]) for value in values]


def _chat() -> dict[str, Any]:
    message = {"role": "assistant", "content": TEXT, "refusal": None}
    return {
        "id": "chatcmpl-ABC123abc",
        "object": "chat.completion",
        "created": 1763900000,
        "model": "gpt-5-mini",
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
    }


def _chat_frames() -> list[bytes]:
    def chunk(delta: dict[str, Any], finish: str | None) -> bytes:
        return _data(
            {
                "id": "chatcmpl-ABC123abc",
                "object": "chat.completion.chunk",
                "created": 1763900000,
                "model": "gpt-5-mini",
                "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
            }
        )

    texts = [chunk({"content": part}, None) for part in PARTS]
    first = chunk({"role": "assistant", "content": ""}, None)
    return [first, *texts, chunk({}, "stop"), b"data: [DONE]\n\n"]


def _response(status: str = "completed") -> dict[str, Any]:
    part = {"type": "output_text", "text": TEXT, "annotations": []}
    item = {
        "id": "msg_0123456789abcdef",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }
    return {
        "id": "resp_0123456789abcdef",
        "object": "response",
        "created_at": 1763900000,
        "status": status,
        "model": "gpt-5-mini",
        "output": [item] if status == "completed" else [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "usage": {
            "input_tokens": 11,
            "output_tokens": 7,
            "total_tokens": 18,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": 0},
        },
    }


def _response_frames() -> list[bytes]:
    where = {"item_id": "msg_0123456789abcdef", "output_index": 0, "content_index": 0}
    empty = {**_response()["output"][0], "status": "in_progress", "content": []}
    part = {"type": "output_text", "text": "", "annotations": []}
    done = _response()["output"][0]
    values: list[dict[str, Any]] = [
        {"type": "response.created", "response": _response("in_progress")},
        {"type": "response.output_item.added", "output_index": 0, "item": empty},
        {"type": "response.content_part.added", **where, "part": part},
        *({"type": "response.output_text.delta", **where, "delta": one, "logprobs": []} for one in PARTS),
        {"type": "response.output_text.done", **where, "text": TEXT, "logprobs": []},
        {"type": "response.content_part.done", **where, "part": {**part, "text": TEXT}},
        {"type": "response.output_item.done", "output_index": 0, "item": done},
        {"type": "response.completed", "response": _response()},
    ]
    return [_data({**value, "sequence_number": n}, value["type"]) for n, value in enumerate(values)]


def _gemini(text: str = TEXT, *, last: bool = True) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}
    if last:
        candidate["finishReason"] = "STOP"
    return {
        "candidates": [candidate],
        "usageMetadata": {"promptTokenCount": 11, "candidatesTokenCount": 7, "totalTokenCount": 18},
        "modelVersion": "gemini-2.5-flash",
        "responseId": "abcDEF123456",
    }


def _gemini_frames() -> list[bytes]:
    return [_data(_gemini(part, last=part is PARTS[-1])) for part in PARTS]


WHOLE: dict[str, Callable[[], dict[str, Any]]] = {
    "anthropic_messages": _anthropic,
    "openai_chat": _chat,
    "openai_responses": _response,
    "gemini": _gemini,
}
FRAMES: dict[str, Callable[[], list[bytes]]] = {
    "anthropic_messages": _anthropic_frames,
    "openai_chat": _chat_frames,
    "openai_responses": _response_frames,
    "gemini": _gemini_frames,
}


def whole_body(protocol: str) -> bytes:
    return json.dumps(WHOLE[protocol](), ensure_ascii=False).encode()


def protocol_of(path: str) -> str:
    if "generateContent" in path or "streamGenerateContent" in path:
        return "gemini"
    return {"messages": "anthropic_messages", "completions": "openai_chat", "responses": "openai_responses"}[
        path.partition("?")[0].rsplit("/", 1)[-1]
    ]


def provider(got: Got, wire: Wire) -> None:
    """Answers like the provider that was asked."""
    protocol = protocol_of(got.path)
    if b'"stream":true' in got.body.replace(b" ", b"") or "streamGenerateContent" in got.path:
        wire.stream(FRAMES[protocol]())
    else:
        wire.whole(whole_body(protocol))


def call(protocol: str, base_url: str, *, stream: bool, http_client: Any = None) -> str:
    """What the model says, through the sync SDK."""
    return _SYNC[protocol](base_url, stream, http_client)


async def acall(protocol: str, base_url: str, *, stream: bool, http_client: Any = None) -> str:
    """What the model says, through the async SDK."""
    return await _ASYNC[protocol](base_url, stream, http_client)


_MESSAGES: Any = [{"role": "user", "content": "Say hello."}]
_ANTHROPIC: dict[str, Any] = {"model": "claude-opus-4-8", "max_tokens": 64, "messages": _MESSAGES}
_CHAT: dict[str, Any] = {"model": "gpt-5-mini", "messages": _MESSAGES}
_RESPONSES: dict[str, Any] = {"model": "gpt-5-mini", "input": "Say hello."}
_GEMINI: dict[str, Any] = {"model": "gemini-2.5-flash", "contents": "Say hello."}


def _options(base_url: str, http_client: Any) -> dict[str, Any]:
    return {"api_key": KEY, "base_url": base_url, "max_retries": 0, "http_client": http_client}


def _sync_anthropic(base_url: str, stream: bool, http_client: Any) -> str:
    import anthropic

    with anthropic.Anthropic(**_options(base_url, http_client)) as client:
        if not stream:
            return str(client.messages.create(**_ANTHROPIC).content[0].text)
        with client.messages.stream(**_ANTHROPIC) as live:
            return "".join(live.text_stream)


async def _async_anthropic(base_url: str, stream: bool, http_client: Any) -> str:
    import anthropic

    async with anthropic.AsyncAnthropic(**_options(base_url, http_client)) as client:
        if not stream:
            return str((await client.messages.create(**_ANTHROPIC)).content[0].text)
        async with client.messages.stream(**_ANTHROPIC) as live:
            return "".join([text async for text in live.text_stream])


def _sync_chat(base_url: str, stream: bool, http_client: Any) -> str:
    import openai

    with openai.OpenAI(**_options(f"{base_url}/v1", http_client)) as client:
        if not stream:
            return str(client.chat.completions.create(**_CHAT).choices[0].message.content)
        live = client.chat.completions.create(**_CHAT, stream=True)
        return "".join(chunk.choices[0].delta.content or "" for chunk in live)


async def _async_chat(base_url: str, stream: bool, http_client: Any) -> str:
    import openai

    async with openai.AsyncOpenAI(**_options(f"{base_url}/v1", http_client)) as client:
        if not stream:
            return str((await client.chat.completions.create(**_CHAT)).choices[0].message.content)
        live = await client.chat.completions.create(**_CHAT, stream=True)
        return "".join([chunk.choices[0].delta.content or "" async for chunk in live])


def _sync_responses(base_url: str, stream: bool, http_client: Any) -> str:
    import openai

    with openai.OpenAI(**_options(f"{base_url}/v1", http_client)) as client:
        if not stream:
            return str(client.responses.create(**_RESPONSES).output_text)
        live = client.responses.create(**_RESPONSES, stream=True)
        return "".join(event.delta for event in live if event.type == "response.output_text.delta")


async def _async_responses(base_url: str, stream: bool, http_client: Any) -> str:
    import openai

    async with openai.AsyncOpenAI(**_options(f"{base_url}/v1", http_client)) as client:
        if not stream:
            return str((await client.responses.create(**_RESPONSES)).output_text)
        live = await client.responses.create(**_RESPONSES, stream=True)
        return "".join([event.delta async for event in live if event.type == "response.output_text.delta"])


def _sync_gemini(base_url: str, stream: bool, http_client: Any) -> str:
    from google import genai

    options: Any = {"base_url": base_url}
    client = genai.Client(api_key=KEY, http_options=options)
    if not stream:
        return str(client.models.generate_content(**_GEMINI).text)
    return "".join(chunk.text or "" for chunk in client.models.generate_content_stream(**_GEMINI))


async def _async_gemini(base_url: str, stream: bool, http_client: Any) -> str:
    from google import genai

    options: Any = {"base_url": base_url}
    client = genai.Client(api_key=KEY, http_options=options).aio
    try:
        if not stream:
            return str((await client.models.generate_content(**_GEMINI)).text)
        live = await client.models.generate_content_stream(**_GEMINI)
        return "".join([chunk.text or "" async for chunk in live])
    finally:
        await client.aclose()


_SYNC: dict[str, Callable[[str, bool, Any], str]] = {
    "anthropic_messages": _sync_anthropic,
    "openai_chat": _sync_chat,
    "openai_responses": _sync_responses,
    "gemini": _sync_gemini,
}
_ASYNC: dict[str, Callable[[str, bool, Any], Awaitable[str]]] = {
    "anthropic_messages": _async_anthropic,
    "openai_chat": _async_chat,
    "openai_responses": _async_responses,
    "gemini": _async_gemini,
}


def transport_of(protocol: str, style: str) -> str:
    """The HTTP library that the installed SDK speaks through, which differs between its releases."""
    if protocol == "gemini":
        return "aiohttp" if style == "async" else "httpx2"
    sdk = anthropic.Anthropic if protocol == "anthropic_messages" else openai.OpenAI
    roots = {base.__module__.partition(".")[0] for base in type(sdk(api_key=KEY)._client).__mro__}
    return "httpx2" if "httpx2" in roots else "httpx"
