"""What the Gemini API refuses with 400 INVALID_ARGUMENT, in its own words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from agent_chaos.providers import rules
from agent_chaos.providers.gemini.prompt import model_and_verb
from agent_chaos.providers.gemini.reading import chunk_of
from agent_chaos.providers.json_values import JsonObject, canonical, fields, items, loaded
from agent_chaos.providers.rules import PriorExchange, Problem
from agent_chaos.stream.exchange import Reply, Request
from agent_chaos.stream.framing.sse import SSE


@dataclass
class _Said:
    """Neighbouring contents of one speaker; parts with their JSON paths."""

    model: bool
    number: int
    parts: list[tuple[str, JsonObject]] = field(default_factory=list)

    def having(self, *names: str) -> list[tuple[str, JsonObject]]:
        return [(at, part) for at, part in self.parts if any(name in part for name in names)]


# Both spellings are JSON of one field: https://protobuf.dev/programming-guides/json/ has parsers accept
# either.
_CALL = ("functionCall", "function_call")
_RESULT = ("functionResponse", "function_response")
_SIGNATURE = ("thoughtSignature", "thought_signature")


def problems(request: Request, served: PriorExchange) -> Iterator[Problem]:
    """Everything in a request's contents that the API refuses; it keeps no state."""
    contents = [fields(one) for one in items(fields(request.json).get("contents"))]
    said = _merged(contents)
    yield from _empty(contents)
    yield from _pairs(said)
    yield from _shapes(said)
    # Signatures are enforced from Gemini 3 on, and for the first call of a step only:
    # https://ai.google.dev/gemini-api/docs/thought-signatures. For older models they are advice.
    if model_and_verb(request)[0].startswith("gemini-3"):
        yield from _signatures(said, served)


def _merged(contents: list[JsonObject]) -> list[_Said]:
    found: list[_Said] = []
    for number, content in enumerate(contents):
        model = content.get("role") == "model"
        if not found or found[-1].model != model:
            found.append(_Said(model, number))
        found[-1].parts += [
            (f"contents[{number}].parts[{at}]", fields(part))
            for at, part in enumerate(items(content.get("parts")))
        ]
    return found


def _empty(contents: list[JsonObject]) -> Iterator[Problem]:
    for number, content in enumerate(contents):
        if not items(content.get("parts")) and not fields(content.get("parts")):
            at = f"contents[{number}].parts"
            says = f"* GenerateContentRequest.{at}: contents.parts must not be empty."
            yield Problem(rules.EMPTY, at, says)


def _pairs(said: list[_Said]) -> Iterator[Problem]:
    """One content of results follows each content of calls, with as many of them."""
    for number, one in enumerate(said):
        after = said[number + 1] if number + 1 < len(said) else None
        calls, before = one.having(*_CALL), said[number - 1] if number else None
        at = f"contents[{one.number}]"
        if one.model and calls and not number:
            says = (
                "Please ensure that function call turn comes immediately after a user turn or after a function response "
                "turn."
            )
            yield Problem(rules.ORDER, at, says)
        # Counted, not matched: calls have had no ids for most of this API's life, so that the server pairs
        # them by number and order.
        if one.model and calls and after is not None and len(after.having(*_RESULT)) != len(calls):
            says = (
                "Please ensure that the number of function response parts is equal to the number of function call parts "
                "of the function call turn."
            )
            yield Problem(rules.UNANSWERED, f"contents[{after.number}]", says)
        if one.model and calls and after is not None:
            yield from _order(calls, after.having(*_RESULT))
        results = [] if one.model else one.having(*_RESULT)
        if results and not (before and before.having(*_CALL)):
            says = "Please ensure that function response turn comes immediately after a function call turn."
            yield Problem(rules.ORPHAN, at, says)


def _order(calls: list[tuple[str, JsonObject]], results: list[tuple[str, JsonObject]]) -> Iterator[Problem]:
    """Results without ids stand in the order of their calls."""
    named = [(at, fields(next(part[name] for name in _RESULT if name in part))) for at, part in results]
    wanted = [_call(part).get("name") for _, part in calls]
    # With ids they may come in any order: https://ai.google.dev/gemini-api/docs/function-calling.
    if len(named) != len(wanted) or any(one.get("id") for _, one in named):
        return
    for (at, one), name in zip(named, wanted, strict=True):
        if one.get("name") != name and one.get("name") in wanted:
            says = (
                f"'{at}.function_response.name' is `{one.get('name')}`, and the call in its place is `{name}`: Gemini lets it "
                "pass, and what pairs results with calls by their places gives each to the other"
            )
            yield Problem(rules.ORDER, at, says, lenient=True)
            return


def _shapes(said: list[_Said]) -> Iterator[Problem]:
    for at, part in (found for one in said for found in one.having(*_RESULT)):
        result = next(fields(part[name]) for name in _RESULT if name in part)
        if "response" in result and not isinstance(result["response"], dict):
            # A `Struct` is a JSON object (protobuf's JSON mapping); a bare string or list is refused before
            # the model is asked.
            says = f"Invalid value at '{at}.function_response.response' (type.googleapis.com/google.protobuf.Struct)"
            yield Problem(rules.RESULT, at, says)


def _signatures(said: list[_Said], served: PriorExchange) -> Iterator[Problem]:
    """The first call of each content comes back with the signature that it was given."""
    given = {_identity(part) for _, reply in served for part in _parts(reply) if _signature(part)}
    for one in said:
        calls = one.having(*_CALL) if one.model else []
        if calls and _identity(calls[0][1]) in given and not any(_signature(part) for _, part in one.parts):
            name = fields(_call(calls[0][1])).get("name")
            says = (
                f"Unable to submit request because function call `{name}` in the {one.number + 1}. content block is missing "
                "a `thought_signature`."
            )
            yield Problem(rules.REASONING, calls[0][0], says)


def _call(part: JsonObject) -> JsonObject:
    return next((fields(part[name]) for name in _CALL if name in part), {})


def _signature(part: JsonObject) -> Any:
    return next((part[name] for name in _SIGNATURE if part.get(name)), None)


def _identity(part: JsonObject) -> str:
    call = _call(part)
    return canonical([call.get("name"), call.get("args")]) if call else ""


def _bodies(reply: Reply) -> list[JsonObject]:
    """The responses of a reply, of which a stream has several."""
    if SSE.holds(reply):
        return [fields(chunk_of(one)) for one in SSE.frames_of(reply)]
    body = loaded(reply.body)
    return [fields(one) for one in (body if isinstance(body, list) else [body])]


def _parts(reply: Reply) -> Iterator[JsonObject]:
    for body in _bodies(reply) if reply.status < 400 else ():
        for candidate in items(body.get("candidates")):
            for part in items(fields(fields(candidate).get("content")).get("parts")):
                if _call(fields(part)):
                    yield fields(part)
