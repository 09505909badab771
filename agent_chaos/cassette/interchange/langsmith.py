"""Runs of LangSmith, as its API, its client and its exports give them: https://docs.langchain.com/langsmith/run-data-format.

Messages stand as LangChain writes them (`lc`, `kwargs`), as Chat Completions has them, or with the blocks of Anthropic.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from agent_chaos.cassette.interchange import chat_messages
from agent_chaos.cassette.interchange.format import Contents, RecordingFormat
from agent_chaos.cassette.interchange.traces import (
    ModelCall,
    TracedCall,
    as_streams,
    contents,
    epoch_s,
    protocol_of,
)
from agent_chaos.providers.json_values import compact, count_of, fields, items, text_of
from agent_chaos.providers.turn import Usage

_KEPT = ("max_tokens", "temperature")
_ROLES = {"human": "user", "ai": "assistant", "AIMessageChunk": "assistant"}
_VENDORS = {
    "google_genai": "gemini",
    "google_vertexai": "gemini",
    "mistralai": "mistral",
    "amazon_bedrock": "bedrock",
    "azure": "openai",
}
_STATED = {"tool_result": {"is_error": False}}
"""What langchain-anthropic writes into every result of a tool."""


def _recognises(document: Mapping[str, Any]) -> bool:
    return any("run_type" in one for one in _runs(document))


def _runs(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Runs in a list, or with those that they started (`child_runs`), or one by itself."""
    listed = items(document.get("runs")) or items(document.get("data"))
    waiting = [fields(one) for one in (listed or [document])]
    # The list grows by what the runs in it started.
    for one in waiting:
        waiting += [fields(child) for child in items(one.get("child_runs"))]
    return waiting


def _read(document: Mapping[str, Any]) -> Contents:
    # A call that failed was answered by its retry, which is a run of its own.
    called = [
        one
        for one in _runs(document)
        if one.get("run_type") == "llm" and (one.get("outputs") or not one.get("error"))
    ]
    found = contents("LangSmith", map(_traced, called))
    events = (fields(event) for one in called for event in items(one.get("events")))
    # LangSmith alone among traces tells that a reply was streamed.
    return as_streams(found) if any(event.get("name") == "new_token" for event in events) else found


def _traced(run: dict[str, Any]) -> TracedCall:
    known = text_of(run.get("id") or run.get("run_id"))
    return TracedCall(known, f"run {known!r}", partial(_call, run))


def _call(run: Mapping[str, Any]) -> ModelCall:
    asked, extra = fields(run["inputs"]), fields(run.get("extra"))
    said = fields(extra.get("metadata")) or fields(run.get("metadata"))
    given = {**fields(extra.get("invocation_params")), **asked}
    model = text_of(said.get("ls_model_name") or given.get("model") or given.get("model_name"))
    vendor = text_of(said.get("ls_provider"))
    tools = [chat_messages.chat_tool(fields(one)) for one in items(given.get("tools"))]
    system = [{"role": "system", "content": given["system"]}] if given.get("system") else []
    body = {
        "model": model,
        "messages": [one for raw in [*system, *_listed(asked.get("messages"))] for one in _messages(raw)],
        **({"tools": tools} if tools else {}),
    }
    answer = next(_messages(_answer(fields(run["outputs"]))), {})
    used = fields(said.get("usage_metadata"))
    usage = Usage(count_of(used.get("input_tokens")), count_of(used.get("output_tokens")))
    return ModelCall(
        protocol_of(_VENDORS.get(vendor, vendor), model),
        chat_messages.prompt_of_chat(body),
        chat_messages.turn_of_chat(answer, model=model, id="", usage=usage),
        epoch_s(run["start_time"]),
        epoch_s(run.get("end_time") or run["start_time"]),
        {name: given[name] for name in _KEPT if given.get(name) is not None},
        chat_messages.descriptions(tools),
        _STATED if given.get("_type") == "anthropic-chat" else {},
    )


def _listed(messages: Any) -> list[Any]:
    """LangChain keeps a list of messages for each prompt of a batch; a batch of several is no conversation."""
    found = items(messages)
    if found and isinstance(found[0], list):
        if len(found) > 1:
            raise ValueError("a batch of several prompts in one call")
        return items(found[0])
    return found


def _answer(outputs: Mapping[str, Any]) -> Any:
    """The message of a generation, of a choice, or the outputs themselves. Raises ValueError where there are none."""
    if not outputs:
        raise ValueError("it holds no answer")
    generations, choices = items(outputs.get("generations")), items(outputs.get("choices"))
    first = generations[0] if generations else choices[0] if choices else outputs
    first = first[0] if isinstance(first, list) else first
    return fields(first).get("message", first)


def _messages(raw: Any) -> Iterator[dict[str, Any]]:
    """One message as those of Chat Completions: results of tools in it stand in messages of their own, and first."""
    told = fields(fields(raw).get("kwargs")) or fields(fields(raw).get("data")) or fields(raw)
    role = text_of(told.get("role") or told.get("type") or fields(raw).get("type"))
    content = told.get("content")
    blocks = [fields(block) for block in items(content)]
    results = [one for one in blocks if one.get("type") == "tool_result"]
    for one in results:
        yield {"role": "tool", "tool_call_id": one.get("tool_use_id"), "content": _text(one.get("content"))}
    calls = [_tool_call(fields(one)) for one in items(told.get("tool_calls"))]
    calls = calls or [_tool_call(one) for one in blocks if one.get("type") == "tool_use"]
    if results and not _text(content):
        return
    message: dict[str, Any] = {
        "role": _ROLES.get(role, role),
        "content": _text(content) or (None if calls else ""),
    }
    if calls:
        message["tool_calls"] = calls
    if told.get("tool_call_id"):
        message["tool_call_id"] = told["tool_call_id"]
    yield message


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(
        one if isinstance(one, str) else text_of(fields(one).get("text")) for one in items(content)
    )


def _tool_call(told: Mapping[str, Any]) -> dict[str, Any]:
    """A call as LangChain has it (`args`), Anthropic (`input`), or Chat Completions (`function`)."""
    if told.get("function"):
        return {"id": "", "type": "function", **told}
    arguments = told.get("args", told.get("input", {}))
    made = {"name": told["name"], "arguments": compact(arguments)}
    return {"id": text_of(told.get("id")), "type": "function", "function": made}


FORMAT = RecordingFormat("LangSmith", _recognises, _read)
