"""A whole body of Chat Completions: read into a turn, and written from one.

The turn is the first choice. `extra` holds the rest of the body; `$choice` and `$message` the rest of that choice and
of its message, `$choices` the other choices.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from agent_chaos.providers.chat_completions.error_objects import error_of, with_error_object
from agent_chaos.providers.chat_completions.stop_reasons import STOPS, read_usage, written_usage
from agent_chaos.providers.chat_completions.tool_calls import (
    REASONING_KEYS,
    call_of,
    call_written,
    legacy_call_of,
)
from agent_chaos.providers.json_values import fields, items, text_of, without
from agent_chaos.providers.turn import ModelTurn, Opaque, Part, Reasoning, Text, ToolCall


def read_body(body: dict[str, Any]) -> ModelTurn:
    """The body as a turn."""
    choices, error, usage = body.get("choices"), error_of(body), read_usage(body.get("usage"))
    choice = fields(items(choices)[0]) if items(choices) else {}
    word = choice.get("finish_reason")
    parts = tuple(parts_of(fields(choice.get("message"))))
    named = {name: body[name] for name in _KINDS if name in body}
    extra = without(body, *_KINDS) | {k: v for k, v in named.items() if not isinstance(v, _KINDS[k])}
    return ModelTurn(
        parts,
        STOPS.neutral(word),
        word if isinstance(word, str) else None,
        usage,
        text_of(body.get("id")),
        text_of(body.get("model")),
        error=error,
        extra=extra | (_choice_extra(choice, items(choices)) if choice else _no_choice(body)),
    )


_KINDS: dict[str, type] = {"id": str, "model": str, "choices": list, "usage": dict, "error": dict}
"""The keys of a body that have a neutral name; a value of another type stays in `extra`."""


def _choice_extra(choice: dict[str, Any], choices: list[Any]) -> dict[str, Any]:
    message = choice.get("message")
    found: dict[str, Any] = {"$choice": without(choice, "finish_reason", "message")}
    if isinstance(message, dict):
        found["$message"] = _message_rest(message)
    elif "message" in choice:
        found["$choice"]["message"] = message
    return found | ({"$choices": choices[1:]} if choices[1:] else {})


def _no_choice(body: dict[str, Any]) -> dict[str, Any]:
    return {"choices": body["choices"]} if "choices" in body else {}


def _message_rest(message: dict[str, Any]) -> dict[str, Any]:
    """The message without what became parts; text leaves null behind, as a message without text has it."""
    taken = {name for name in ("content", "refusal", *REASONING_KEYS[:2]) if _says(message, name)}
    # A message may hold its thoughts under two names at once; only the one that was read became a part.
    if _reasoning_key(message):
        taken -= set(REASONING_KEYS) - {_reasoning_key(message)}
    calls = {name for name in ("tool_calls", "function_call") if message.get(name)}
    gone = (taken | calls) - {"content", "refusal"}
    nulled: dict[str, Any] = dict.fromkeys(sorted(taken & {"content", "refusal"}))
    return {**without(message, *gone), **nulled}


def parts_of(message: dict[str, Any]) -> Iterator[Part]:
    """The parts of a whole message, in the order they are thought, said and called."""
    if key := _reasoning_key(message):
        yield Reasoning(message[key], {} if key == REASONING_KEYS[0] else {"$key": key})
    if _says(message, "content"):
        yield Text(message["content"]) if isinstance(message["content"], str) else _listed(message["content"])
    if _says(message, "refusal"):
        yield Opaque("refusal", {"refusal": message["refusal"]})
    if fields(message.get("function_call")):
        yield legacy_call_of(message["function_call"])
    for place, one in enumerate(items(message.get("tool_calls"))):
        call = call_of(fields(one), place)
        yield replace(call, extra={**call.extra, "index": one["index"]}) if "index" in fields(one) else call


def _listed(content: Any) -> Part:
    return Opaque("content", {"content": content})


def _says(message: dict[str, Any], name: str) -> bool:
    value = message.get(name)
    return bool(value) and isinstance(value, (str, list) if name == "content" else str)


def _reasoning_key(message: dict[str, Any]) -> str:
    return next((name for name in REASONING_KEYS if _says(message, name)), "")


def written_body(turn: ModelTurn) -> dict[str, Any]:
    """The turn as a whole body."""
    extra = turn.extra or {"object": "chat.completion", "created": 1_700_000_000}
    body = {name: value for name, value in extra.items() if not name.startswith("$")}
    body |= {name: value for name, value in (("id", turn.id), ("model", turn.model)) if value}
    # The turn was read from a stream, and is to come as one body.
    if text_of(body.get("object")) == "chat.completion.chunk":
        body["object"] = "chat.completion"
    if turn.parts or turn.stop is not None or "$choice" in extra or not turn.extra:
        # Only where there was a choice or something to say: an error body has none, and SDKs tell it by that.
        body["choices"] = [_choice(turn), *turn.extra.get("$choices", [])]
    if turn.usage is not None:
        body["usage"] = written_usage(turn.usage)
    return with_error_object(body, None if turn.error is None else dict(turn.error))


def _choice(turn: ModelTurn) -> dict[str, Any]:
    shared: dict[str, Any] = turn.extra.get("$choice", {"index": 0, "logprobs": None})
    choice = {**shared, "finish_reason": STOPS.word(turn)}
    if turn.parts or "$message" in turn.extra or "$choice" not in turn.extra:
        choice["message"] = _message(turn)
    return choice


def _message(turn: ModelTurn) -> dict[str, Any]:
    message = dict(turn.extra.get("$message", {"role": "assistant", "content": None}))
    for part in turn.parts:
        match part:
            case Text():
                # A message has one text, a turn may have several: a whole body cannot tell them apart.
                message["content"] = text_of(message.get("content")) + part.text
            case Reasoning():
                key = part.extra.get("$key", REASONING_KEYS[0])
                message[key] = text_of(message.get(key)) + part.text
            case Opaque():
                message |= {name: value for name, value in part.extra.items() if not name.startswith("$")}
            case ToolCall() if part.extra.get("$legacy"):
                message["function_call"] = call_written(part, part.arguments)
            case ToolCall():
                message["tool_calls"] = [
                    *items(message.get("tool_calls")),
                    call_written(part, part.arguments),
                ]
    return message
