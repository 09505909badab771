"""What Cohere refuses with 400: results without their call, calls without a result, messages without content.

Sources: https://docs.cohere.com/v2/docs/tool-use-overview (each call is answered by a message of the role tool with its id), and
what other clients were told: microsoft/autogen#3270, kwaroran/Risuai#504.
"""

from __future__ import annotations

from collections.abc import Iterator

from agent_chaos.providers import rules
from agent_chaos.providers.chat_completions.tool_results import Orphan, Unanswered, unpaired
from agent_chaos.providers.json_values import JsonObject, fields, items, loaded, text_of
from agent_chaos.providers.rules import TOOL_NAME, Problem
from agent_chaos.stream.exchange import Request


def problems(request: Request) -> Iterator[Problem]:
    """Everything in a request's messages that the API refuses; it keeps no state."""
    messages = [fields(one) for one in items(fields(request.json).get("messages"))]
    for found in unpaired(messages):
        match found:
            case Orphan(number, call):
                says = f"invalid request: tool call id {call or 'null'} not found in previous tool calls"
                yield Problem(rules.ORPHAN, f"messages[{number}].tool_call_id", says)
            case Unanswered(number):
                says = "invalid request: every tool call must be followed by a tool message with its id"
                yield Problem(rules.UNANSWERED, f"messages[{number}]", says)
    for number, message in enumerate(messages):
        yield from _empty(number, message)
        yield from _calls(number, message)


def _empty(number: int, message: JsonObject) -> Iterator[Problem]:
    said = any(message.get(key) for key in ("content", "tool_calls", "tool_plan"))
    if message.get("role") != "tool" and not said:
        says = "invalid request: message must be at least 1 token long"
        yield Problem(rules.EMPTY, f"messages[{number}].content", says)


def _calls(number: int, message: JsonObject) -> Iterator[Problem]:
    seen: set[str] = set()
    for place, call in enumerate(map(fields, items(message.get("tool_calls")))):
        at, function, call_id = (
            f"messages[{number}].tool_calls[{place}]",
            fields(call.get("function")),
            text_of(call.get("id")),
        )
        if not call_id:
            yield Problem(rules.IDENTIFIER, f"{at}.id", "invalid request: tool call id must not be empty")
        elif call_id in seen:
            yield Problem(rules.REPEATED_ID, f"{at}.id", "invalid request: duplicate tool call id")
        seen.add(call_id)
        if not TOOL_NAME.match(text_of(function.get("name"))):
            says = "invalid request: tool call function name is invalid"
            yield Problem(rules.NAME, f"{at}.function.name", says)
        if not isinstance(loaded(text_of(function.get("arguments"))), dict):
            says = "invalid request: tool call arguments must be a valid JSON object"
            yield Problem(rules.ARGUMENTS, f"{at}.function.arguments", says)
