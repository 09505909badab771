"""Re-drives recorded agent loops: a small generic agent per protocol on the real SDK.

The agent sends the first recorded request and then goes on from the replies it gets: it echoes the model's turn as the
SDK gives it, adds the tool results (and user messages) that the recorded conversation has there, and asks again.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from agent_chaos.cassette.keys import keys_of
from agent_chaos.cassette.model import Cassette, Exchange, Header
from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.providers.registry import recognise
from agent_chaos.scenario.model import BaselineScenario
from agent_chaos.stream.exchange import Reply, Request


@dataclass(frozen=True)
class Loop:
    """One recorded conversation file."""

    id: str
    api: str
    exchanges: tuple[tuple[Request, Reply], ...]

    @property
    def cassette(self) -> Cassette:
        redact = Redactor.from_environ({}).request
        kept: list[Exchange] = []
        for request, reply in self.exchanges:
            redacted, protocol = redact(request), recognise(request)
            name = protocol.name if protocol else ""
            kept.append(
                Exchange(len(kept), 0, float(len(kept)), redacted, reply, keys_of(redacted), name, "httpx2")
            )
        header = Header(scenario="redrive", started_at=1_750_000_000.0)
        return Cassette(header, tuple(kept), keys=tuple(exchange.keys for exchange in kept))

    @property
    def scenario(self) -> BaselineScenario:
        hosts = tuple({request.host for request, _ in self.exchanges})
        return BaselineScenario(
            name="redrive", agent=self.agent, turns=("go",), hosts=hosts, pure_tools=self.tools
        )

    @property
    def tools(self) -> tuple[str, ...]:
        names: set[str] = set()
        for request, reply in self.exchanges:
            if protocol := recognise(request):
                names |= {call.name for call in protocol.parse(reply).tool_calls}
        return tuple(sorted(names))

    def agent(self, ctx: Any, text: str) -> str:
        """The generic agent; ends where the model calls no tool although the recording went on from one."""
        recorded = [dict(request.json) for request, _ in self.exchanges]
        answer, history = "", _items(recorded[0].get(self._field))
        for i, (request, _) in enumerate(self.exchanges):
            echoed, answer, calls = CALLS[self.api](
                request, {**recorded[i], self._field: history} if i else recorded[0]
            )
            if i + 1 == len(self.exchanges):
                break
            added = self._added(recorded[i], recorded[i + 1])
            if added is None:
                history = _items(recorded[i + 1].get(self._field))
                continue
            if not calls and any(word in json.dumps(added) for word in _RESULTS):
                break
            stateful = bool(recorded[i + 1].get("previous_response_id"))
            history = added if stateful else [*history, *echoed, *added]
        return answer

    @property
    def _field(self) -> str:
        return _FIELD[self.api]

    def _added(self, before: dict[str, Any], after: dict[str, Any]) -> list[Any] | None:
        """What the next request adds after the model's turn; None where it starts another conversation."""
        if after.get("previous_response_id"):
            return _items(after.get(self._field))
        sent, following = _items(before.get(self._field)), _items(after.get(self._field))
        if len(following) <= len(sent) or following[: len(sent)] != sent:
            return None
        tail = following[len(sent) :]
        return tail[next((i for i, item in enumerate(tail) if not _is_model_turn(item)), len(tail)) :]


_FIELD = {
    "anthropic.messages": "messages",
    "openai.chat": "messages",
    "openai.responses": "input",
    "gemini.generate": "contents",
}
_RESULTS = ("tool_result", "function_call_output", "functionResponse", "function_response", '"role": "tool"')
_MODEL_ITEMS = frozenset({"reasoning", "function_call", "web_search_call", "custom_tool_call", "mcp_call"})


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [{"role": "user", "content": value}]


def _is_model_turn(item: Any) -> bool:
    role = item.get("role")
    return role in ("assistant", "model") or (role is None and item.get("type") in _MODEL_ITEMS)


def _split(method: Callable[..., Any], body: dict[str, Any]) -> dict[str, Any]:
    """Keyword arguments for an SDK method: what it knows by name, the rest as extra_body."""
    known = inspect.signature(method).parameters
    named = {key: value for key, value in body.items() if key in known and not (key == "stream" and value)}
    extra = {key: value for key, value in body.items() if key not in known}
    return {**named, "extra_body": extra} if extra else named


def _base(request: Request, suffix: str) -> str:
    return request.url.partition("?")[0].removesuffix(suffix)


def _anthropic(request: Request, body: dict[str, Any]) -> tuple[Any, str, bool]:
    import anthropic

    client = anthropic.Anthropic(api_key="x" * 20, base_url=_base(request, "/v1/messages"))
    arguments = _split(client.messages.create, body)
    query = dict(request.query)
    if body.get("stream"):
        with client.messages.stream(**arguments, extra_query=query, timeout=600) as stream:
            message = stream.get_final_message()
    else:
        message = client.messages.create(**arguments, extra_query=query, timeout=600)
    text = "".join(block.text or "" for block in message.content if block.type == "text")
    calls = any(block.type == "tool_use" for block in message.content)
    return [{"role": "assistant", "content": message.content}], text, calls


def _chat(request: Request, body: dict[str, Any]) -> tuple[Any, str, bool]:
    import openai

    base = _base(request, "/chat/completions")
    client = openai.OpenAI(api_key="x" * 20, base_url=base, default_query=dict(request.query))
    arguments = _split(client.chat.completions.create, body)
    if body.get("stream"):
        message = _accumulated(client.chat.completions.create(**arguments, stream=True))
    else:
        message = client.chat.completions.create(**arguments).choices[0].message.model_dump(exclude_none=True)
    return [message], message.get("content") or "", bool(message.get("tool_calls"))


def _accumulated(chunks: Any) -> dict[str, Any]:
    """Chat deltas put together as people do it by hand."""
    content, calls = "", {}
    for chunk in chunks:
        for choice in chunk.choices[:1]:
            content += choice.delta.content or ""
            for delta in choice.delta.tool_calls or ():
                call = calls.setdefault(
                    delta.index, {"id": "", "type": "function", "function": {"name": "", "arguments": ""}}
                )
                call["id"] = delta.id or call["id"]
                call["function"]["name"] += (delta.function and delta.function.name) or ""
                call["function"]["arguments"] += (delta.function and delta.function.arguments) or ""
    message: dict[str, Any] = {"role": "assistant", "content": content or None}
    return {**message, "tool_calls": [calls[i] for i in sorted(calls)]} if calls else message


def _responses(request: Request, body: dict[str, Any]) -> tuple[Any, str, bool]:
    import openai

    client = openai.OpenAI(
        api_key="x" * 20, base_url=_base(request, "/responses"), default_query=dict(request.query)
    )
    arguments = _split(client.responses.create, body)
    if body.get("stream"):
        response = None
        for event in client.responses.create(**arguments, stream=True):
            response = getattr(event, "response", None) or response
    else:
        response = client.responses.create(**arguments)
    output = response.output or []
    items = [item.model_dump(exclude_none=True) for item in output]
    return items, response.output_text, any(item.type == "function_call" for item in output)


_GEMINI_TOP = {"contents", "generationConfig", "generation_config"}


def _gemini(request: Request, body: dict[str, Any]) -> tuple[Any, str, bool]:
    from google import genai
    from google.genai import types

    parts = urlsplit(request.url)
    _, version, *_, last = parts.path.split("/")
    options = types.HttpOptions(base_url=f"{parts.scheme}://{parts.netloc}", api_version=version)
    client = genai.Client(api_key="x" * 20, http_options=options)
    fields = {key: value for key, value in body.items() if key not in _GEMINI_TOP}
    config = types.GenerateContentConfig.model_validate({**(body.get("generationConfig") or {}), **fields})
    contents = [types.Content.model_validate(content) for content in _items(body["contents"])]
    arguments = {"model": last.partition(":")[0], "contents": contents, "config": config}
    if "stream" in last:
        chunks = list(client.models.generate_content_stream(**arguments))
    else:
        chunks = [client.models.generate_content(**arguments)]
    found = [
        p
        for c in chunks
        if c.candidates and c.candidates[0].content
        for p in c.candidates[0].content.parts or ()
    ]
    echoed = types.Content(role="model", parts=found).model_dump(
        exclude_none=True, by_alias=True, mode="json"
    )
    text = "".join(part.text or "" for part in found if not part.thought)
    return [echoed], text, any(part.function_call for part in found)


CALLS: dict[str, Callable[[Request, dict[str, Any]], tuple[Any, str, bool]]] = {
    "anthropic.messages": _anthropic,
    "openai.chat": _chat,
    "openai.responses": _responses,
    "gemini.generate": _gemini,
}
