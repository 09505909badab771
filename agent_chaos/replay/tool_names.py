"""What the model calls a tool, where its boundary has another name for it."""

from __future__ import annotations

from agent_chaos.cassette.model import Cassette, Exchange, ToolRecord
from agent_chaos.providers.json_values import loaded
from agent_chaos.providers.registry import protocols
from agent_chaos.providers.turn import ToolCall


def renamed_tools(cassette: Cassette) -> dict[str, str]:
    """Tools that the model knows by another name than their boundary does, as `Shop-refund` and `refund`.

    A call that no boundary saw by its name is the one of that exchange's runs which had the very same arguments, or whose
    name ends the model's, and which answers no call of its own name.
    """
    found: dict[str, str] = {}
    for exchange in cassette.exchanges:
        runs = [record for record in cassette.tools if record.is_call and record.after == exchange.index]
        calls = recorded_calls(exchange)
        names = {call.name for call in calls}
        named = {run.name for run in runs}
        left = [run for run in runs if run.name not in names]
        for call in calls:
            mine = next((run for run in left if _is_run_of(call, run)), None)
            if mine is not None and call.name not in named:
                left.remove(mine)
                found[call.name] = mine.name
    return found


def recorded_calls(exchange: Exchange) -> tuple[ToolCall, ...]:
    """The tool calls of a recorded reply."""
    protocol = protocols().get(exchange.protocol)
    return protocol.parse(exchange.reply).tool_calls if protocol is not None else ()


def _is_run_of(call: ToolCall, run: ToolRecord) -> bool:
    # What frameworks put before a tool's name: Semantic Kernel `Shop-refund`, MCP clients `server__tool` or
    # `server.tool`.
    ends = any(call.name.endswith(f"{mark}{run.name}") for mark in "-_.:/")
    asked = loaded(call.arguments)
    # Not by empty arguments: every tool without parameters would be every other one.
    return ends or (bool(asked) and asked == run.arguments)
