"""Tool calls that no boundary saw, from what the next request tells the model of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from agent_chaos.cassette.interchange.format import Interaction
from agent_chaos.cassette.model import ToolEnd, ToolRecord
from agent_chaos.providers.json_values import loaded
from agent_chaos.providers.registry import recognise
from agent_chaos.providers.turn import ToolCall, ToolResult


def told_tools(interactions: Sequence[Interaction]) -> tuple[ToolRecord, ...]:
    """A record for each call of a recorded reply whose result stands in a later request, in the order they were told.

    A result that is a JSON object or list is kept as such, since agents tell the model JSON of what their tools return.
    A result told as an error is kept as its text: what was raised, nobody recorded.
    """
    asked: dict[str, list[ToolCall]] = {}
    found: list[ToolRecord] = []
    for interaction in interactions:
        for call, result in _answered(interaction, asked):
            found.append(
                ToolRecord(
                    len(found),
                    0,
                    interaction.at,
                    call.name,
                    _arguments(call),
                    ToolEnd(_value(result.content)),
                )
            )
        for call in _calls(interaction):
            # Gemini's calls have no id, and results are matched by the name of the tool; two calls of one
            # tool are answered in order.
            asked.setdefault(call.id or call.name, []).append(call)
    return tuple(found)


def _answered(
    interaction: Interaction, asked: dict[str, list[ToolCall]]
) -> Iterator[tuple[ToolCall, ToolResult]]:
    """The results a request tells for the first time, each with its call; a told call is no longer asked for."""
    protocol = recognise(interaction.request)
    messages = protocol.prompt(interaction.request).messages if protocol else ()
    results = (part for message in messages for part in message.parts if isinstance(part, ToolResult))
    for result in results:
        if waiting := asked.get(result.call_id) or asked.get(result.name):
            yield waiting.pop(0), result


def _calls(interaction: Interaction) -> tuple[ToolCall, ...]:
    protocol = recognise(interaction.request)
    return protocol.parse(interaction.reply).tool_calls if protocol and interaction.reply.ok else ()


def _arguments(call: ToolCall) -> Any:
    value = loaded(call.arguments) if call.arguments else {}
    # Arguments that are no JSON object are kept all the same: a model that sent them is what a recording may
    # be about.
    return value if isinstance(value, dict) else {"arguments": value}


def _value(content: str) -> Any:
    value = loaded(content)
    return value if isinstance(value, dict | list) else content
