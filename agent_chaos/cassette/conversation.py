"""What was said in a cassette, a line each, free of bytes, times and ids: two recordings of one conversation read the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import unified_diff

from agent_chaos.cassette.keys import masked
from agent_chaos.cassette.model import Cassette, Exchange
from agent_chaos.providers.json_values import canonical, loaded
from agent_chaos.providers.registry import protocols
from agent_chaos.providers.turn import Message, ModelTurn, Prompt, Text, ToolCall, ToolResult

_AROUND = 2


def conversation_lines(cassette: Cassette) -> list[str]:
    """The conversation: what the model was told for the first time, and what it said."""
    heard: set[str] = set()
    lines: list[str] = []
    for exchange in cassette.exchanges:
        for line in _told(exchange):
            # Every request repeats the whole history; a line of it is told where it came up.
            if line not in heard:
                heard.add(line)
                lines.append(line)
        said = list(_said(exchange))
        heard.update(said)
        lines += said
    return lines


def conversation_diff(before: Cassette, after: Cassette, names: tuple[str, str]) -> Sequence[str]:
    """A unified diff of two conversations; empty where they say the same."""
    lines = unified_diff(
        conversation_lines(before), conversation_lines(after), *names, lineterm="", n=_AROUND
    )
    return list(lines)


def _told(exchange: Exchange) -> Iterator[str]:
    """What a request tells the model: model, system prompt, tools, messages."""
    protocol = protocols().get(exchange.protocol)
    if protocol is None:
        request = exchange.request
        yield f"{request.method} {request.host}{masked(request.path)}"
        return
    prompt = protocol.prompt(exchange.request)
    yield f"model: {prompt.model}"
    yield from _texts("system", prompt.system)
    yield from (f"may call {tool.name}({', '.join(_parameters(tool.parameters))})" for tool in prompt.tools)
    yield from _messages(prompt)


def _messages(prompt: Prompt) -> Iterator[str]:
    names = {
        part.id: part.name
        for message in prompt.messages
        for part in message.parts
        if isinstance(part, ToolCall)
    }
    for message in prompt.messages:
        yield from _message(message, names)


def _message(message: Message, names: dict[str, str]) -> Iterator[str]:
    for part in message.parts:
        if isinstance(part, Text):
            yield from _texts(message.role, part.text)
        elif isinstance(part, ToolCall):
            yield _call(part)
        elif isinstance(part, ToolResult):
            name = part.name or names.get(part.call_id, "a tool")
            yield from _texts(f"{name} {'failed' if part.is_error else 'returned'}", part.content)


def _said(exchange: Exchange) -> Iterator[str]:
    protocol, reply = protocols().get(exchange.protocol), exchange.reply
    if reply.head is None:
        yield f"no reply: {reply.events[-1]!r}"
    elif reply.status >= 400 or protocol is None:
        yield f"status {reply.status}"
    else:
        yield from _turn(protocol.parse(reply))


def _turn(turn: ModelTurn) -> Iterator[str]:
    yield from _texts("assistant", turn.text)
    yield from (_call(call) for call in turn.tool_calls)


def _call(call: ToolCall) -> str:
    arguments = loaded(call.arguments)
    return f"assistant calls {call.name}({masked(call.arguments if arguments is None else canonical(arguments))})"


def _texts(who: str, text: str) -> Iterator[str]:
    yield from (f"{who}: {masked(line)}" for line in text.splitlines() if line.strip())


def _parameters(schema: object) -> list[str]:
    properties = schema.get("properties") if isinstance(schema, dict) else None
    return sorted(properties) if isinstance(properties, dict) else []
