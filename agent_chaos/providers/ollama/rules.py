"""What Ollama refuses: little, since it pours the history into the model's template; what breaks a template is lenient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agent_chaos.providers import rules
from agent_chaos.providers.json_values import fields, items, text_of
from agent_chaos.providers.rules import Problem
from agent_chaos.stream.exchange import Request


def problems(request: Request) -> Iterator[Problem]:
    """Everything in a request's messages that the server refuses, or that loses a call or a result on the way."""
    messages = [fields(one) for one in items(fields(request.json).get("messages"))]
    open_calls: list[Any] = []
    # One more at the end, so that calls which nothing follows are open there, too.
    for number, message in enumerate([*messages, {}]):
        if message.get("role") == "tool":
            if not open_calls:
                says = "a message of the role tool follows no tool call, and the model cannot tell what it answers"
                yield Problem(rules.ORPHAN, f"messages[{number}]", says, lenient=True)
            # In order: a result may say which tool it is of, not which call.
            open_calls = open_calls[1:]
            continue
        if open_calls:
            says = (
                "a tool call has no message of the role tool behind it, and the model takes it as unanswered"
            )
            yield Problem(rules.UNANSWERED, f"messages[{number}]", says, lenient=True)
        open_calls = items(message.get("tool_calls"))
        yield from _calls(number, open_calls)


def _calls(number: int, calls: list[Any]) -> Iterator[Problem]:
    for place, call in enumerate(map(fields, calls)):
        function = fields(call.get("function"))
        at = f"messages[{number}].tool_calls[{place}].function"
        if not isinstance(function.get("arguments", {}), dict):
            says = "json: cannot unmarshal string into Go struct field ToolCallFunction.arguments"
            yield Problem(rules.ARGUMENTS, at, says)
        if not text_of(function.get("name")):
            says = "a tool call without a name names none of the tools"
            yield Problem(rules.NAME, at, says, lenient=True)
