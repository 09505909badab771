"""What the Responses API refuses with 400 `invalid_request_error`, in its own words.

It reads the input items in order, after what its server kept of the response that the request continues.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from agent_chaos.providers import rules
from agent_chaos.providers.json_values import JsonObject, fields, items, text_of
from agent_chaos.providers.openai_responses.stream import events_in, listen, output_of
from agent_chaos.providers.rules import PriorExchange, Problem
from agent_chaos.stream.exchange import Reply, Request
from agent_chaos.stream.framing.sse import SSE

_ANSWERED_BY_THE_CLIENT = ("function_call", "custom_tool_call", "computer_call", "local_shell_call")
_OUTPUT = "_output"
_PREFIXES = {"function_call": "fc", "reasoning": "rs"}
"""What the ids of items begin with, as the API's errors say."""
_OUTPUTS = ("function_call_output", "custom_tool_call_output")


@dataclass(frozen=True)
class _State:
    """What the server kept: items before this request, those of the last response, and whether that is all of it."""

    kept: tuple[JsonObject, ...] = ()
    last: tuple[JsonObject, ...] = ()
    known: bool = True


def problems(request: Request, served: PriorExchange) -> Iterator[Problem]:
    """Everything in a request's input that the API refuses."""
    body = fields(request.json)
    given = [fields(one) for one in items(body.get("input"))]
    state = _state(body, served)
    yield from _unanswered(given, state)
    # A reference stands for an item that the server keeps, which may be the call that an output answers.
    if state.known and not any(one.get("type") == "item_reference" for one in given):
        yield from _orphans(given, state)
    yield from _reasoning(given, served)
    yield from _ids(given)
    yield from _prefixes(given, served)


def output(reply: Reply) -> tuple[JsonObject, ...]:
    """The items of a response, streamed or not."""
    if reply.status >= 400:
        return ()
    if not SSE.holds(reply):
        return tuple(map(fields, items(fields(reply.json).get("output"))))
    heard = listen(events_in(reply))
    ended = items(heard.response.get("output")) if heard.ending else []
    return tuple(map(fields, ended or output_of(heard)))


def _state(body: JsonObject, served: PriorExchange) -> _State:
    # What a conversation object holds is on the server alone:
    # https://platform.openai.com/docs/guides/conversation-state.
    if body.get("conversation"):
        return _State(known=False)
    previous = text_of(body.get("previous_response_id"))
    kept: list[JsonObject] = []
    last: tuple[JsonObject, ...] | None = None
    while previous:
        found = next(((asked, reply) for asked, reply in reversed(served) if previous in _names(reply)), None)
        if found is None:
            return _State(tuple(kept), last or (), known=False)
        asked, reply = fields(found[0].json), output(found[1])
        last = reply if last is None else last
        kept += [*map(fields, items(asked.get("input"))), *reply]
        previous = text_of(asked.get("previous_response_id"))
    return _State(tuple(kept), last or ())


def _names(reply: Reply) -> set[str]:
    if not SSE.holds(reply):
        return {text_of(fields(reply.json).get("id"))} - {""}
    return {text_of(fields(event.get("response")).get("id")) for event in events_in(reply)} - {""}


def _unanswered(given: list[JsonObject], state: _State) -> Iterator[Problem]:
    # Calls of the response that is continued are open as well, although the request does not repeat them.
    calls = [(f"input[{at}]", one) for at, one in enumerate(given)] + [
        ("previous_response_id", one) for one in state.last
    ]
    answered = {one.get("call_id") for one in given if text_of(one.get("type")).endswith(_OUTPUT)}
    for at, call in calls:
        if call.get("type") in _ANSWERED_BY_THE_CLIENT and call.get("call_id") not in answered:
            says = f"No tool output found for function call {call.get('call_id')}."
            yield Problem(rules.UNANSWERED, at, says)


def _orphans(given: list[JsonObject], state: _State) -> Iterator[Problem]:
    asked = {one.get("call_id") for one in state.kept if one.get("type") in _ANSWERED_BY_THE_CLIENT}
    for at, one in enumerate(given):
        kind = text_of(one.get("type"))
        if kind in _ANSWERED_BY_THE_CLIENT:
            asked.add(one.get("call_id"))
        elif kind in _OUTPUTS and one.get("call_id") not in asked:
            says = f"No tool call found for function call output with call_id {one.get('call_id')}."
            yield Problem(rules.ORPHAN, f"input[{at}]", says)


def _reasoning(given: list[JsonObject], served: PriorExchange) -> Iterator[Problem]:
    """A reasoning item is followed by what the model said after it, by its id where that is a message; and what was said
    after it comes with it.
    """
    for at, one in enumerate(given):
        # https://platform.openai.com/docs/guides/reasoning#keeping-reasoning-items-in-context: reasoning
        # goes back with the calls that came after it, all of it or none.
        if one.get("type") != "reasoning":
            continue
        after = next((item for item in given[at + 1 :] if item.get("type") != "reasoning"), {})
        named = after.get("role") == "assistant" and after.get("id")
        spoken = named or ("role" not in after and after.get("type"))
        if not spoken or text_of(after.get("type")).endswith(_OUTPUT):
            says = f"Item '{one.get('id')}' of type 'reasoning' was provided without its required following item."
            yield Problem(rules.REASONING, f"input[{at}]", says)
    yield from _without_reasoning(given, served)


def _without_reasoning(given: list[JsonObject], served: PriorExchange) -> Iterator[Problem]:
    present = {one.get("id") for one in given}
    needs = (
        _needs(served) if any(one.get("type") == "function_call" and one.get("id") for one in given) else {}
    )
    for at, one in enumerate(given):
        needed = needs.get(text_of(one.get("id"))) if one.get("type") == "function_call" else None
        if needed and needed not in present:
            says = (
                f"Item '{one.get('id')}' of type 'function_call' was provided without its required 'reasoning' item: "
                f"'{needed}'."
            )
            yield Problem(rules.REASONING, f"input[{at}]", says)


def _needs(served: PriorExchange) -> dict[str, str]:
    """For each function call that came right after a reasoning item, the ids of both."""
    found: dict[str, str] = {}
    for _, reply in served:
        said = output(reply)
        for before, one in pairwise(said):
            if before.get("type") == "reasoning" and one.get("type") == "function_call":
                found[text_of(one.get("id"))] = text_of(before.get("id"))
    found.pop("", None)
    return found


def _prefixes(given: list[JsonObject], served: PriorExchange) -> Iterator[Problem]:
    """An item's id begins as its kind's do; a call's `call_id` is none. One that a server gave itself is its own affair."""
    # https://github.com/langchain-ai/langchainjs/issues/11044, https://github.com/nodetool-ai/nodetool/pull/4252
    odd = [
        (at, one, _PREFIXES[text_of(one.get("type"))])
        for at, one in enumerate(given)
        if text_of(one.get("type")) in _PREFIXES and one.get("id") is not None
    ]
    odd = [(at, one, prefix) for at, one, prefix in odd if not text_of(one["id"]).startswith(prefix)]
    known = {text_of(item.get("id")) for _, reply in served for item in output(reply)} if odd else set()
    for at, one, prefix in odd:
        if not one["id"] or one["id"] not in known:
            says = f"Invalid 'input[{at}].id': '{one['id']}'. Expected an ID that begins with '{prefix}'."
            yield Problem(rules.IDENTIFIER, f"input[{at}].id", says)


def _ids(given: list[JsonObject]) -> Iterator[Problem]:
    named = [text_of(one.get("id")) for one in given if one.get("type") != "item_reference"]
    # Items without an id are the client's own, and as many as it likes.
    twice = {name for name, count in Counter(named).items() if name and count > 1}
    for name in sorted(twice):
        # The last of them: what came first was accepted once.
        at = len(named) - 1 - named[::-1].index(name)
        says = f"Duplicate item found with id {name}. Remove duplicate items from your input and try again."
        yield Problem(rules.REPEATED_ID, f"input[{at}]", says)
    for at, one in enumerate(given):
        if one.get("type") == "function_call" and not rules.TOOL_NAME.match(text_of(one.get("name"))):
            says = f"Invalid 'input[{at}].name': string does not match pattern '^[a-zA-Z0-9_-]+$'."
            yield Problem(rules.NAME, f"input[{at}]", says)
