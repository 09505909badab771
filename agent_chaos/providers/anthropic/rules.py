"""What the Messages API refuses with 400 `invalid_request_error`, in its own words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from agent_chaos.providers import rules
from agent_chaos.providers.anthropic.blocks import block_of, part_of
from agent_chaos.providers.anthropic.stream import StreamReading, framing_of_stream
from agent_chaos.providers.json_values import JsonObject, fields, items, text_of
from agent_chaos.providers.rules import PriorExchange, Problem
from agent_chaos.providers.turn import Reasoning, ToolCall
from agent_chaos.stream.exchange import Reply, Request


@dataclass
class _Said:
    """Neighbouring messages of one speaker, which the API reads as one; blocks with their JSON paths."""

    role: str
    number: int
    blocks: list[tuple[str, JsonObject]] = field(default_factory=list)

    def of_type(self, kind: str) -> list[tuple[str, JsonObject]]:
        return [(at, block) for at, block in self.blocks if block.get("type") == kind]


def problems(request: Request, served: PriorExchange) -> Iterator[Problem]:
    """Everything in a request's messages that the API refuses."""
    body = fields(request.json)
    messages = [fields(one) for one in items(body.get("messages"))]
    kept = _kept(body, served)
    said = _merged([*(kept or ()), *messages])
    yield from _empty(messages)
    yield from _pairs(said, kept is None)
    yield from _server_tools(said)
    yield from _calls(said)
    yield from _reasoning(body, said, served)


def _kept(body: JsonObject, served: PriorExchange) -> list[JsonObject] | None:
    """What the server keeps of the thread that a request continues, from its beginning; None where that is not known."""
    previous = text_of(fields(body.get("thread")).get("previous_message_id"))
    if not previous:
        return []
    found = next(
        ((fields(asked.json), reply) for asked, reply in reversed(served) if _id(reply) == previous), None
    )
    earlier = _kept(found[0], served[:-1]) if found else None
    if found is None or earlier is None:
        return None
    asked = [fields(one) for one in items(found[0].get("messages"))]
    return [*earlier, *asked, {"role": "assistant", "content": [block_of(part) for part in _parts(found[1])]}]


def _id(reply: Reply) -> str:
    if reply.status >= 400:
        return ""
    if framing := framing_of_stream(reply):
        return StreamReading().read(framing.frames_of(reply)).turn().id
    return text_of(fields(reply.json).get("id"))


def _merged(messages: list[JsonObject]) -> list[_Said]:
    found: list[_Said] = []
    for number, message in enumerate(messages):
        role = text_of(message.get("role"))
        # A system message among the others stands outside of the turns of the two speakers.
        if role == "system":
            continue
        # "Consecutive user or assistant turns in your request will be combined into a single turn":
        # https://platform.claude.com/docs/en/api/messages. So results and calls in neighbouring messages of
        # one speaker are together.
        if not found or found[-1].role != role:
            found.append(_Said(role, number))
        content = message.get("content")
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else items(content)
        found[-1].blocks += [
            (f"messages.{number}.content.{at}", fields(block)) for at, block in enumerate(blocks)
        ]
    return found


def _empty(messages: list[JsonObject]) -> Iterator[Problem]:
    for number, message in enumerate(messages):
        content, last = message.get("content"), number == len(messages) - 1
        # The last message may be the beginning of the answer that is asked for, an empty one too.
        if content in ("", [], None) and not (last and message.get("role") == "assistant"):
            says = "all messages must have non-empty content except for the optional final assistant message"
            yield Problem(rules.EMPTY, f"messages.{number}", f"messages.{number}: {says}")
        for at, block in enumerate(items(content)):
            if fields(block).get("type") == "text" and fields(block).get("text") == "":
                where = f"messages.{number}.content.{at}"
                yield Problem(rules.EMPTY, where, "messages: text content blocks must be non-empty")


def _pairs(said: list[_Said], continued: bool) -> Iterator[Problem]:
    """Calls and results: every call answered in the next message, every result after its call, each once."""
    for before, one in zip([None, *said], said, strict=False):
        calls = [text_of(block.get("id")) for _, block in one.of_type("tool_use")]
        if one.role == "assistant" and calls:
            # The very next message, not any later one: "tool result blocks must immediately follow their
            # corresponding tool use blocks",
            # https://platform.claude.com/docs/en/agents-and-tools/tool-use/implement-tool-use.
            after = said[said.index(one) + 1] if one is not said[-1] else None
            answered = (
                {block.get("tool_use_id") for _, block in after.of_type("tool_result")} if after else set()
            )
            if missing := [call for call in calls if call not in answered]:
                yield _unanswered(one, after, missing)
        # The first message of a continued thread may answer calls that only the server has.
        if one.role == "user" and not (before is None and continued):
            yield from _results(one, before)


def _unanswered(one: _Said, after: _Said | None, missing: list[str]) -> Problem:
    says = (
        f"messages.{one.number}: `tool_use` ids were found without `tool_result` blocks immediately after: "
        f"{', '.join(missing)}. Each `tool_use` block must have a corresponding `tool_result` block in the next message."
    )
    return Problem(rules.UNANSWERED, f"messages.{after.number if after else one.number + 1}", says)


def _results(one: _Said, before: _Said | None) -> Iterator[Problem]:
    asked = {block.get("id") for _, block in before.of_type("tool_use")} if before else set()
    seen: set[Any] = set()
    for at, block in one.of_type("tool_result"):
        call = block.get("tool_use_id")
        if call not in asked:
            says = (
                f"{at}: unexpected `tool_use_id` found in `tool_result` blocks: {call}. Each `tool_result` block must have "
                "a corresponding `tool_use` block in the previous message."
            )
            yield Problem(rules.ORPHAN, at, says)
        elif call in seen:
            says = f"{at}: each tool_use must have a single result. Found multiple `tool_result` blocks with id: {call}"
            yield Problem(rules.REPEATED_RESULT, at, says)
        seen.add(call)


def _server_tools(said: list[_Said]) -> Iterator[Problem]:
    """A tool that the server runs has its result in the same message, unless the model paused there."""
    # Not the last one: with `pause_turn` the model stops in the middle of its own tools, and its message is
    # sent back as it is: https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons.
    for one in said[:-1]:
        given = {block.get("tool_use_id") for _, block in one.blocks}
        for at, block in one.of_type("server_tool_use"):
            if one.role == "assistant" and block.get("id") not in given:
                name, call = text_of(block.get("name")), text_of(block.get("id"))
                says = f"{at}: `{name}` tool use with id `{call}` was found without a corresponding `{name}_tool_result` block"
                yield Problem(rules.UNANSWERED, at, says)


def _calls(said: list[_Said]) -> Iterator[Problem]:
    seen: set[str] = set()
    for at, block in (found for one in said for found in one.of_type("tool_use")):
        call, name = text_of(block.get("id")), text_of(block.get("name"))
        if call in seen:
            yield Problem(rules.REPEATED_ID, at, f"{at}: `tool_use` ids must be unique")
        seen.add(call)
        if not isinstance(block.get("input"), dict):
            yield Problem(rules.ARGUMENTS, at, f"{at}.tool_use.input: Input should be a valid dictionary")
        if not rules.TOOL_NAME.match(name):
            says = f"{at}.tool_use.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'"
            yield Problem(rules.NAME, at, says)


def _reasoning(body: JsonObject, said: list[_Said], served: PriorExchange) -> Iterator[Problem]:
    """Thinking comes first in a turn that goes on with the results of its calls, and keeps its signature.

    The model thinks once, before its first calls; between calls and results it does not think again.
    Source: https://platform.claude.com/docs/en/build-with-claude/extended-thinking
    """
    opening = _opening(said) if fields(body.get("thinking")).get("type") == "enabled" else None
    kind = opening.blocks[0][1].get("type") if opening and opening.blocks else ""
    if opening and kind in ("text", "tool_use") and not _said_without_thinking(opening, served):
        at = opening.blocks[0][0]
        says = (
            f"{at}.type: Expected `thinking` or `redacted_thinking`, but found `{kind}`. When `thinking` is enabled, a "
            "final `assistant` message must start with a thinking block"
        )
        yield Problem(rules.REASONING, at, says)
    sent = [found for one in said for found in one.of_type("thinking")]
    signed = _thought(served) if sent else ()
    given = {part.text: text_of(part.extra.get("signature")) for part in signed}
    for at, block in sent:
        signature = given.get(text_of(block.get("thinking")))
        # Only signatures that this run has seen: nobody but the provider can check another one.
        if signature and block.get("signature") != signature:
            yield Problem(rules.REASONING, at, f"{at}: Invalid `signature` in `thinking` block")


def _opening(said: list[_Said]) -> _Said | None:
    """The first message of the turn whose results are given last; None where no results are."""
    found = None
    # Backwards in pairs: the last message, if it holds results, and the one it answers, then the pair before
    # those.
    for results, asked in zip(said[::-2], said[-2::-2], strict=False):
        if not results.of_type("tool_result"):
            break
        found = asked
    return found


def _said_without_thinking(said: _Said, served: PriorExchange) -> bool:
    """Whether the model itself gave these calls without a thought before them."""
    ids = {block.get("id") for _, block in said.of_type("tool_use")}
    for _, reply in served:
        parts = list(_parts(reply))
        if any(isinstance(part, ToolCall) and part.id in ids for part in parts):
            return not any(isinstance(part, Reasoning) for part in parts)
    return False


def _thought(served: PriorExchange) -> Iterator[Reasoning]:
    for _, reply in served:
        yield from (part for part in _parts(reply) if isinstance(part, Reasoning) and part.text)


def _parts(reply: Reply) -> tuple[Any, ...]:
    return () if reply.status >= 400 else reply.derived((__name__, "parts"), lambda: _read(reply))


def _read(reply: Reply) -> tuple[Any, ...]:
    if framing := framing_of_stream(reply):
        return StreamReading().read(framing.frames_of(reply)).turn().parts
    return tuple(map(part_of, items(fields(reply.json).get("content"))))
