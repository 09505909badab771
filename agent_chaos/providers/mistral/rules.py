"""What Mistral refuses with 400, in its own words: it holds a conversation to an order, and ids of tool calls to a form.

The order is that of `mistral_common/protocol/instruct/validator.py`; the words are those of onyx-dot-app/onyx#6458,
nearai/ironclaw#1241 and solbrowse/extension#16.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent_chaos.providers import rules
from agent_chaos.providers.chat_completions.tool_results import Orphan, Unanswered, unpaired
from agent_chaos.providers.json_values import JsonObject, fields, items, loaded, text_of
from agent_chaos.providers.rules import Problem
from agent_chaos.stream.exchange import Request

_ID = re.compile(r"[a-zA-Z0-9]{9}")
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_FOLLOWS = {
    "": {"system", "user"},
    "system": {"system", "user", "assistant"},
    "user": {"user", "assistant", "system"},
    "assistant": {"assistant", "user", "tool"},
    "tool": {"assistant", "tool"},
}
"""Which roles may follow a role."""


def problems(request: Request) -> Iterator[Problem]:
    """Everything in a request's messages that the API refuses; it keeps no state."""
    messages = [fields(one) for one in items(fields(request.json).get("messages"))]
    yield from _order(messages)
    yield from _pairs(messages)
    for number, message in enumerate(messages):
        if message.get("role") == "assistant":
            yield from _empty(number, message)
            yield from _calls(number, message)


def _order(messages: list[JsonObject]) -> Iterator[Problem]:
    before = ""
    for number, message in enumerate(messages):
        role = text_of(message.get("role"))
        # Results without their call are told by `_pairs`, in other words.
        if before in _FOLLOWS and role in _FOLLOWS and role not in _FOLLOWS[before] and role != "tool":
            says = f"Unexpected role '{role}' after role '{before}'"
            yield Problem(rules.ORDER, f"messages[{number}]", says)
        before = role
    # `prefix` is Mistral's way to have the model go on with a message that the client begins.
    if before in ("assistant", "system") and not messages[-1].get("prefix"):
        says = f"Expected last role User or Tool (or Assistant with prefix True) for serving but got {before}"
        yield Problem(rules.ORDER, f"messages[{len(messages) - 1}]", says)


def _pairs(messages: list[JsonObject]) -> Iterator[Problem]:
    """As many results as calls stand behind a message that calls, and each is of one of its calls."""
    for found in unpaired(messages):
        match found:
            case Orphan(number, call):
                says = f"Unexpected tool call id {call or 'null'} in tool results"
                yield Problem(rules.ORPHAN, f"messages[{number}].tool_call_id", says)
            case Unanswered(number):
                says = "Not the same number of function calls and responses"
                yield Problem(rules.UNANSWERED, f"messages[{number}]", says)


def _empty(number: int, message: JsonObject) -> Iterator[Problem]:
    if not message.get("content") and not message.get("tool_calls"):
        says = "Assistant message must have either content or tool_calls, but not none."
        yield Problem(rules.EMPTY, f"messages[{number}]", says)


def _calls(number: int, message: JsonObject) -> Iterator[Problem]:
    seen: set[str] = set()
    for place, call in enumerate(map(fields, items(message.get("tool_calls")))):
        at, function, call_id = (
            f"messages[{number}].tool_calls[{place}]",
            fields(call.get("function")),
            call.get("id"),
        )
        if not _ID.fullmatch(text_of(call_id)):
            says = f"Tool call id was {call_id} but must be a-z, A-Z, 0-9, with a length of 9."
            yield Problem(rules.IDENTIFIER, f"{at}.id", says)
        if text_of(call_id) in seen:
            yield Problem(rules.REPEATED_ID, f"{at}.id", "Duplicate tool call id in assistant message")
        seen.add(text_of(call_id))
        name = text_of(function.get("name"))
        if not _NAME.fullmatch(name):
            says = (
                f"Function name was {name} but must be a-z, A-Z, 0-9, or contain underscores and dashes, with a maximum "
                "length of 64."
            )
            yield Problem(rules.NAME, f"{at}.function.name", says)
        # Mistral takes arguments as a text or as an object.
        given = function.get("arguments")
        if not isinstance(given if isinstance(given, dict) else loaded(text_of(given)), dict):
            says = "function.arguments is not a JSON object, which templates of the models cannot render"
            yield Problem(rules.ARGUMENTS, f"{at}.function.arguments", says, lenient=True)
