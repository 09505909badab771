"""How prompts are written in the APIs that took over the form of Chat Completions' requests."""

from __future__ import annotations

from collections.abc import Iterable

from agent_chaos.providers.json_values import JsonObject, fields, text_of
from agent_chaos.providers.turn import Prompt, ToolSpec


def function_tools(tools: Iterable[ToolSpec]) -> list[JsonObject]:
    """The tools as functions with a name and their parameters' JSON schema."""
    return [
        {"type": "function", "function": {"name": one.name, "parameters": dict(one.parameters)}}
        for one in tools
    ]


def function_spec(function: JsonObject) -> ToolSpec:
    """A tool of which this is the function."""
    return ToolSpec(text_of(function.get("name")), fields(function.get("parameters")))


def system_message(prompt: Prompt) -> list[JsonObject]:
    """The message that holds the prompt's system text; none where there is no such text, or a message holds it already."""
    # A prompt that was read from such an API has its system messages among the others.
    told = any(one.role == "system" for one in prompt.messages) or not prompt.system
    return [] if told else [{"role": "system", "content": prompt.system}]
