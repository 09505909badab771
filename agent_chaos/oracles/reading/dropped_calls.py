"""Tool calls of a whole reply that an agent neither ran nor answered for: shared by the oracles of swallowed errors."""

from __future__ import annotations

from agent_chaos.oracles.oracle import Evidence
from agent_chaos.oracles.reading.tool_reports import asks_for, says_nothing, tail_parts, told_of
from agent_chaos.oracles.reading.turns import is_truncated, prompt_of_call, served_turn, strict_json
from agent_chaos.providers.turn import ModelTurn, Prompt, ToolCall, ToolResult
from agent_chaos.trace.trace import Call, ToolRun, Trace


def left_undone(evidence: Evidence, call: Call) -> ToolCall | None:
    """The first tool call of a faulted reply after which nothing was run or asked, where the clean run went on."""
    turn = _whole(call)
    if turn is None or not turn.tool_calls or _went_on(evidence.trace, call):
        return None
    usual = [
        one for one in evidence.clean.calls if one.site and call.site and one.site.index == call.site.index
    ]
    return turn.tool_calls[0] if any(_went_on(evidence.clean, one) for one in usual) else None


def passed_over(evidence: Evidence, call: Call) -> tuple[ToolCall, str | None] | None:
    """A tool call of a faulted reply that cannot be run, and what the next request says of it: words of success, or None
    where it has the results of the others and no word of this one."""
    turn, after = _whole(call), _next(evidence.trace, call)
    if turn is None or after is None or _asks_again(call, after):
        return None
    for asked in turn.tool_calls:
        if not _unusable(call, asked) or _ran(evidence, call, asked):
            continue
        told = _answers(after, asked)
        if told is None and _left_out(after, turn, asked):
            return asked, None
        if told is not None and _as_done(evidence, told):
            return asked, told.content
    return None


def _as_done(evidence: Evidence, told: ToolResult) -> bool:
    usual = _usual(evidence)
    return not told.is_error and (says_nothing(told.content, usual) or told.content in usual)


def _whole(call: Call) -> ModelTurn | None:
    """What the model said in a faulted reply that ended as one with tool calls may."""
    turn = served_turn(call)
    if turn is None or not call.fired or turn.error is not None or is_truncated(call):
        return None
    return turn if turn.complete and turn.stop not in ("length", "filter", "pause") else None


def _went_on(trace: Trace, call: Call) -> bool:
    entries: tuple[Call | ToolRun, ...] = (*trace.calls, *trace.tools)
    return any(one.seq > call.seq and one.turn == call.turn for one in entries)


def _next(trace: Trace, call: Call) -> Call | None:
    return next(
        (one for one in trace.calls if one.seq > call.seq and one.turn == call.turn and one.wire), None
    )


def _asks_again(call: Call, after: Call) -> bool:
    """Whether a request goes back to before a reply: what it tells of tools was told in the first attempt, too."""
    first, then = prompt_of_call(call), prompt_of_call(after)
    if first is None or then is None or first.previous != then.previous:
        return False
    return _times_spoken(first) == _times_spoken(then)


def _times_spoken(prompt: Prompt) -> int:
    return sum(message.role == "assistant" for message in prompt.messages)


def _unusable(call: Call, asked: ToolCall) -> bool:
    """Whether the arguments are no JSON object, or the request offered no such tool."""
    offered = _offered(call)
    return not isinstance(strict_json(asked.arguments), dict) or bool(offered and asked.name not in offered)


def _ran(evidence: Evidence, call: Call, asked: ToolCall) -> bool:
    """Whether a tool may have run for this call: some run is for no other call, or no boundary sees the tool."""
    offered = _offered(call)
    if asked.name not in {run.name for run in evidence.clean.tools} and (
        asked.name in offered or not offered
    ):
        return True
    turn = served_turn(call)
    # A run that another call of the reply asked for is not this one's.
    others = [other for other in turn.tool_calls if other != asked] if turn else []
    runs = (run for run in evidence.trace.tools if run.after == call.seq)
    return not all(any(asks_for(other, run) for other in others) for run in runs)


def _offered(call: Call) -> set[str]:
    return {tool.name for tool in prompt.tools} if (prompt := prompt_of_call(call)) else set()


def _answers(after: Call, asked: ToolCall) -> ToolResult | None:
    """The result that a request holds for a tool call."""
    results = (part for part in tail_parts(after) if isinstance(part, ToolResult))
    return next((part for part in results if _is_for(part, asked)), None)


def _is_for(result: ToolResult, asked: ToolCall) -> bool:
    """Whether both have one id; where either has none, as Gemini allows, one name."""
    ids = (result.call_id, asked.id)
    return ids[0] == ids[1] if all(ids) else bool(asked.name) and result.name == asked.name


def _key(asked: ToolCall) -> str:
    return asked.id or asked.name


def _usual(evidence: Evidence) -> set[str]:
    """What the clean run tells the model of its tools' runs."""
    runs = (told_of(evidence.clean, run) for run in evidence.clean.tools)
    return {told[1].content for told in runs if told is not None and not told[1].is_error}


def _left_out(after: Call, turn: ModelTurn, asked: ToolCall) -> bool:
    """Whether a request goes on with the other calls of a reply, and neither holds this one nor says anything of it."""
    prompt, parts = prompt_of_call(after), tail_parts(after)
    # Any text beside the results may tell the model of the call that was left out.
    if prompt is None or prompt.previous or not all(isinstance(part, ToolResult) for part in parts):
        return False
    told = {name for part in parts if isinstance(part, ToolResult) for name in (part.call_id, part.name)}
    calls = [part for message in prompt.messages for part in message.parts if isinstance(part, ToolCall)]
    others = {_key(other) for other in turn.tool_calls} - {_key(asked)}
    return bool(others & told) and _key(asked) not in {_key(call) for call in calls}
