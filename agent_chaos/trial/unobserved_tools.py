"""Tools that would run for real: those that no boundary saw when they were recorded, and those that this run calls past it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from agent_chaos.cassette.model import Cassette
from agent_chaos.providers.registry import protocols
from agent_chaos.providers.turn import ToolCall, ToolResult
from agent_chaos.replay.tool_names import recorded_calls, renamed_tools
from agent_chaos.trace.trace import Trace

_OUTPUT = re.compile(r"final_result(_\w+)?$")
"""Names that frameworks give to structured output, which runs no tool: pydantic-ai's."""


def unwrapped_tools(cassette: Cassette, pure: Collection[str]) -> tuple[str, ...]:
    """Tools that recorded model turns call, that no boundary saw and that are not declared pure.

    What `structured_outputs` names is none of them.
    """
    seen = {record.name for record in cassette.tools} | set(pure) | renamed_tools(cassette).keys()
    called = {call.name for exchange in cassette.exchanges for call in recorded_calls(exchange)}
    return tuple(sorted(called - seen - set(structured_outputs(cassette))))


def structured_outputs(cassette: Cassette) -> tuple[str, ...]:
    """Names of calls by which a model fills in a form: requests forced them, or a framework names them so, and no boundary saw them."""
    seen = {record.name for record in cassette.tools}
    filled: set[str] = set()
    for exchange in cassette.exchanges:
        if protocol := protocols().get(exchange.protocol):
            forced = protocol.prompt(exchange.request).forced
            named = (call.name for call in recorded_calls(exchange))
            filled |= {name for name in named if name == forced or _OUTPUT.match(name)}
    return tuple(sorted(filled - seen))


def tools_at_boundary(cassette: Cassette) -> set[str]:
    """Tools that replay answers for, as they were recorded at a boundary and are not pure."""
    return {record.name for record in cassette.tools if record.is_call and not record.pure}


def past_boundary(cassette: Cassette, trace: Trace, pure: Collection[str]) -> tuple[str, ...]:
    """Tools that the recording has at a boundary, and whose results this run gave to the model without having met it.

    Pure ones are none of them: they may run, and calls that hand over to another agent stand among them.
    """
    recorded = tools_at_boundary(cassette) | renamed_tools(cassette).keys()
    ran = {run.name for run in trace.tools}
    return tuple(sorted((set(_answered(trace)) & recorded) - ran - set(pure)))


def _answered(trace: Trace) -> Iterator[str]:
    """Names of the tools whose results stand in a run's requests."""
    names: dict[str, str] = {}
    for call in trace.calls:
        if call.wire is None:
            continue
        for message in call.wire.prompt(call.request).messages:
            for part in message.parts:
                if isinstance(part, ToolCall):
                    names[part.id] = part.name
                elif isinstance(part, ToolResult):
                    yield part.name or names.get(part.call_id, "")
        # From replies, too: a request that goes on from a server's state does not repeat the call.
        if call.reply is not None and call.reply.head is not None:
            names.update({asked.id: asked.name for asked in call.wire.parse(call.reply).tool_calls})
