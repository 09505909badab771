"""The arguments of a tool call beside what the tool's own JSON schema declares. Shared by the faults that change one."""

from __future__ import annotations

import json
from typing import Any

from agent_chaos.faults.fault import Target
from agent_chaos.faults.parts.tool_call_parts import tool_call_at, with_arguments
from agent_chaos.stream.exchange import Reply

Declared = dict[str, dict[str, Any]]


def declared_arguments(target: Target, call: int) -> tuple[dict[str, Any], Declared] | None:
    """The arguments of a tool call and the schemas of its parameters; None where it is no whole call of a known tool."""
    found = tool_call_at(target, call)
    if found is None:
        return None
    try:
        # Another fault may have broken them before.
        given = json.loads(found[2].arguments)
    except ValueError:
        return None
    tools = {tool.name: tool.parameters for tool in target.protocol.prompt(target.request).tools}
    properties = tools.get(found[2].name, {}).get("properties")
    if not isinstance(given, dict) or not isinstance(properties, dict):
        return None
    return given, {name: one for name, one in properties.items() if isinstance(one, dict)}


def changed(target: Target, call: int, arguments: dict[str, Any]) -> Reply:
    """The reply with other arguments in a tool call."""
    found = tool_call_at(target, call)
    if found is None:
        return target.reply
    return with_arguments(target, found[0], found[1], json.dumps(arguments, ensure_ascii=False))


def type_of(schema: dict[str, Any]) -> str:
    """The JSON type that a parameter declares; of several the first that is not null, '' where it declares none."""
    kinds = schema.get("type", [one.get("type") for one in schema.get("anyOf", ()) if isinstance(one, dict)])
    names = [str(kind).lower() for kind in (kinds if isinstance(kinds, list) else [kinds])]
    return next((name for name in names if name not in ("null", "none")), "")
