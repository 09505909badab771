"""The delta of a Chat Completions chunk, and the chunk with another one. Shared by the faults that divide it otherwise."""

from __future__ import annotations

from typing import Any

from agent_chaos.providers.json_values import fields, items


def choice_of(chunk: Any) -> dict[str, Any]:
    """The first choice of a chunk; empty where it has none, or is no chunk."""
    choices = items(fields(chunk).get("choices"))
    return fields(choices[0]) if choices else {}


def with_choice(chunk: dict[str, Any], choice: dict[str, Any]) -> dict[str, Any]:
    """The chunk with another first choice."""
    return {**chunk, "choices": [choice, *chunk["choices"][1:]]}


def call_fragments(chunk: Any) -> list[dict[str, Any]]:
    """The fragments of tool calls that a chunk adds."""
    return [fields(one) for one in items(fields(choice_of(chunk).get("delta")).get("tool_calls"))]


def with_calls(chunk: dict[str, Any], calls: list[dict[str, Any]]) -> dict[str, Any]:
    """The chunk with other fragments of tool calls."""
    choice = choice_of(chunk)
    return with_choice(chunk, {**choice, "delta": {**fields(choice.get("delta")), "tool_calls": calls}})
