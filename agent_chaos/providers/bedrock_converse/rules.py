"""What Converse refuses with 400 `ValidationException`, in its own words.

Words from agno-agi/agno#6698 (calls without results), strands-agents/harness-sdk#1435 (results without calls),
sigoden/aichat#1550 (values that are no object), aws-samples/sample-multi-agent-orchestration-chat-on-agentcore#15 (empty
results) and https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from agent_chaos.providers import rules
from agent_chaos.providers.json_values import JsonObject, fields, items, text_of
from agent_chaos.providers.rules import Problem
from agent_chaos.stream.exchange import Request

_ID = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_OBJECT = "is invalid. Provide a json object for the field and try again."


def problems(request: Request) -> Iterator[Problem]:
    """Everything in a request's messages that the API refuses; it keeps no state."""
    messages = [fields(one) for one in items(fields(request.json).get("messages"))]
    yield from _order(messages)
    before: JsonObject = {}
    # One more at the end, so that calls which nothing follows are open there, too.
    for number, message in enumerate([*messages, {}]):
        yield from _pairs(number, before, message)
        before = message
    for number, message in enumerate(messages):
        yield from _contents(number, message)


def _order(messages: list[JsonObject]) -> Iterator[Problem]:
    if messages and messages[0].get("role") != "user":
        says = "A conversation must start with a user message. Try again with a conversation that starts with a user message."
        yield Problem(rules.ORDER, "messages.0", says)
    for number in range(1, len(messages)):
        if messages[number].get("role") == messages[number - 1].get("role"):
            says = (
                "A conversation must alternate between user and assistant roles. Make sure the conversation alternates "
                "between user and assistant roles and try again."
            )
            yield Problem(rules.ORDER, f"messages.{number}", says)


def _pairs(number: int, before: JsonObject, message: JsonObject) -> Iterator[Problem]:
    """Every call has its result in the very next message, every result its call in the one before, each once."""
    calls = [text_of(one.get("toolUseId")) for _, one in _blocks(before, "toolUse")]
    results = [text_of(one.get("toolUseId")) for _, one in _blocks(message, "toolResult")]
    at = f"messages.{number}.content"
    if doubled := _twice(calls):
        says = f"The toolUse blocks at messages.{number - 1}.content contain duplicate Ids: {doubled}"
        yield Problem(rules.REPEATED_ID, f"messages.{number - 1}.content", says)
    if doubled := _twice(results):
        says = f"The toolResult blocks at {at} contain duplicate Ids: {doubled}"
        yield Problem(rules.REPEATED_RESULT, at, says)
    if lost := [one for one in dict.fromkeys(calls) if one not in results]:
        says = f"Expected toolResult blocks at {at} for the following Ids: {', '.join(lost)}"
        yield Problem(rules.UNANSWERED, at, says)
    # Told as a number: the API does not say which result is too many.
    if any(one not in calls for one in results):
        says = (
            f"The number of toolResult blocks at {at} exceeds the number of toolUse blocks of previous turn."
        )
        yield Problem(rules.ORPHAN, at, says)


def _contents(number: int, message: JsonObject) -> Iterator[Problem]:
    at = f"messages.{number}"
    if not message.get("content"):
        says = (
            f"The content field in the Message object at {at} is empty. Add a ContentBlock object to the content field "
            "and try again."
        )
        yield Problem(rules.EMPTY, at, says)
    for place, block in enumerate(map(fields, items(message.get("content")))):
        if isinstance(block.get("text"), str) and not block["text"].strip():
            where = f"{at}.content.{place}"
            says = f"The text field in the ContentBlock object at {where} is blank. Add text to the text field, and try again."
            yield Problem(rules.EMPTY, where, says)
    for place, call in _blocks(message, "toolUse"):
        yield from _call(f"{at}.content.{place}.toolUse", call)
    for place, result in _blocks(message, "toolResult"):
        yield from _result(f"{at}.content.{place}.toolResult", result)


def _call(at: str, call: JsonObject) -> Iterator[Problem]:
    if not isinstance(call.get("input"), dict):
        yield Problem(rules.ARGUMENTS, f"{at}.input", f"The format of the value at {at}.input {_OBJECT}")
    for key, form, rule in (("name", _NAME, rules.NAME), ("toolUseId", _ID, rules.IDENTIFIER)):
        if not form.fullmatch(text_of(call.get(key))):
            says = (
                f"Value '{call.get(key)}' at '{at}.{key}' failed to satisfy constraint: Member must satisfy regular "
                f"expression pattern: {form.pattern}"
            )
            yield Problem(rule, f"{at}.{key}", says)


def _result(at: str, result: JsonObject) -> Iterator[Problem]:
    content = items(result.get("content"))
    if result.get("status") == "error" and not content:
        says = f"The content field at {at} cannot be empty when status value is error."
        yield Problem(rules.EMPTY, at, says)
    for place, one in enumerate(map(fields, content)):
        if "json" in one and not isinstance(one["json"], dict):
            where = f"{at}.content.{place}.json"
            yield Problem(rules.RESULT, where, f"The format of the value at {where} {_OBJECT}")


def _blocks(message: JsonObject, kind: str) -> list[tuple[int, JsonObject]]:
    found = enumerate(map(fields, items(message.get("content"))))
    return [(place, fields(block[kind])) for place, block in found if kind in block]


def _twice(ids: list[Any]) -> str:
    return ", ".join(dict.fromkeys(one for one in ids if ids.count(one) > 1))
