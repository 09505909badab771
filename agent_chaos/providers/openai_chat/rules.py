"""What Chat Completions refuses with 400 `invalid_request_error`, in its own words."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from agent_chaos.providers import rules
from agent_chaos.providers.chat_completions.tool_results import Orphan, Unanswered, unpaired
from agent_chaos.providers.json_values import JsonObject, fields, items, loaded, text_of
from agent_chaos.providers.rules import PriorExchange, Problem
from agent_chaos.stream.exchange import Request

_SAYS_SOMETHING = {"role", "content", "name"}


def problems(request: Request, served: PriorExchange) -> Iterator[Problem]:
    """Everything in a request's messages that the API refuses; it keeps no state."""
    messages = [fields(one) for one in items(fields(request.json).get("messages"))]
    yield from _pairs(messages)
    for number, message in enumerate(messages):
        if message.get("role") == "assistant":
            yield from _empty(number, message)
            yield from _calls(number, message)


def _pairs(messages: list[JsonObject]) -> Iterator[Problem]:
    for found in unpaired(messages):
        match found:
            case Orphan(number):
                says = (
                    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with "
                    "'tool_calls'."
                )
                yield Problem(rules.ORPHAN, f"messages.[{number}]", says)
            case Unanswered(number, calls):
                yield _unanswered(number, calls)


def _unanswered(number: int, open_calls: Collection[str]) -> Problem:
    says = (
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The "
        f"following tool_call_ids did not have response messages: {', '.join(open_calls)}"
    )
    return Problem(rules.UNANSWERED, f"messages.[{number}]", says)


def _empty(number: int, message: JsonObject) -> Iterator[Problem]:
    said = any(value for name, value in message.items() if name not in _SAYS_SOMETHING)
    # An empty text is accepted where null is not.
    if message.get("content") is None and not said:
        at = f"messages.[{number}].content"
        says = f"Invalid value for 'content': expected a string, got null. (param {at})"
        yield Problem(rules.EMPTY, at, says)


def _calls(number: int, message: JsonObject) -> Iterator[Problem]:
    seen: set[str] = set()
    for place, call in enumerate(map(fields, items(message.get("tool_calls")))):
        at, function = f"messages.[{number}].tool_calls[{place}]", fields(call.get("function"))
        if text_of(call.get("id")) in seen:
            says = f"Duplicate value for 'tool_call_id' of '{call.get('id')}'"
            # OpenAI takes such a history; what gateways and other models behind the same API do with it
            # differs.
            yield Problem(rules.REPEATED_ID, at, says, lenient=True)
        seen.add(text_of(call.get("id")))
        # Custom tools have no `function`, and their input is any text.
        if not function:
            continue
        if not rules.TOOL_NAME.match(text_of(function.get("name"))):
            says = (
                f"Invalid '{at.replace('.[', '[')}.function.name': string does not match pattern. Expected a string that "
                "matches the pattern '^[a-zA-Z0-9_-]+$'."
            )
            yield Problem(rules.NAME, at, says)
        if not isinstance(loaded(text_of(function.get("arguments"))), dict):
            says = "function.arguments is not a JSON object: OpenAI lets it pass, vLLM and many gateways refuse the request"
            yield Problem(rules.ARGUMENTS, at, says, lenient=True)
