"""Tools that would run for real."""

from __future__ import annotations

import re
from collections.abc import Collection

from agent_chaos.cassette.model import Cassette
from agent_chaos.providers.registry import protocols

_NO_TOOL = re.compile(r"final_result(_\w+)?$")
"""Names that frameworks give to calls which run no tool: pydantic-ai's structured output."""


def unwrapped_tools(cassette: Cassette, pure: Collection[str]) -> tuple[str, ...]:
    """Tools that recorded model turns call, that no boundary saw and that are not declared pure.

    A call that the request forced by name is structured output, which nobody runs.
    """
    seen = {record.name for record in cassette.tools} | set(pure)
    called: set[str] = set()
    for exchange in cassette.exchanges:
        if protocol := protocols().get(exchange.protocol):
            names = {call.name for call in protocol.parse(exchange.reply).tool_calls}
            called |= names - {protocol.prompt(exchange.request).forced}
    return tuple(sorted(name for name in called - seen if not _NO_TOOL.match(name)))
