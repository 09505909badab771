"""A reply is used without a look at how it ended."""

from __future__ import annotations

from agent_chaos.report.remedies.remedy import Case, Remedy

_ORACLES = ("unfinished_tool_call", "silent_truncation")
_WHERE_IT_ENDED_EARLY = ("empty_answer", "swallowed_error")
"""What a look at the reply's end ends, too, where that is what went wrong."""
_WHERE_IT_WAS_KEPT = ("history_poisoning", "request_validity")
"""The same, where the client heard of no error: after an exception there is no reply whose end could be looked at."""

_CHAT = """if stop not in ("stop", "tool_calls"):
    raise RuntimeError(f"incomplete reply: {stop}")"""
_GEMINI = """if stop != types.FinishReason.STOP:
    raise RuntimeError(f"incomplete reply: {stop}")"""


def _fits(case: Case) -> bool:
    oracle = case.violation.oracle
    if oracle == "unhandled_exception":
        return case.read_too_soon
    if oracle in _WHERE_IT_WAS_KEPT:
        return case.ended_early and case.read_without_an_error
    return oracle in _ORACLES or (oracle in _WHERE_IT_ENDED_EARLY and case.ended_early)


REMEDY = Remedy(
    name="whole_reply",
    headline="Replies that were cut short are used as if they were whole",
    does="Look at how the reply ended before anything in it is used.",
    fits=_fits,
    at=lambda case: case.at_call,
    order=9,
    code={
        "anthropic_messages": 'if $reply.stop_reason not in ("end_turn", "tool_use"):\n'
        '    raise RuntimeError(f"incomplete reply: {$reply.stop_reason}")',
        "openai_chat": "stop = $reply.choices[0].finish_reason\n" + _CHAT,
        "openai_responses": 'if $reply.status != "completed":\n'
        '    raise RuntimeError(f"incomplete reply: {$reply.status}")',
        "gemini": "stop = $reply.candidates[0].finish_reason\n" + _GEMINI,
    },
    events={
        "anthropic_messages": "stop = None\nfor $chunk in ...:\n"
        '    if $chunk.type == "message_delta":\n'
        "        stop = $chunk.delta.stop_reason\n"
        'if stop not in ("end_turn", "tool_use"):\n'
        '    raise RuntimeError(f"incomplete reply: {stop}")',
        "openai_chat": "stop = None\nfor $chunk in ...:\n"
        "    if $chunk.choices:\n"
        "        stop = $chunk.choices[0].finish_reason or stop\n" + _CHAT,
        "openai_responses": "complete = False\nfor $chunk in ...:\n"
        '    complete |= $chunk.type == "response.completed"\n'
        "if not complete:\n"
        '    raise RuntimeError("incomplete reply")',
        "gemini": "stop = None\nfor $chunk in ...:\n"
        "    if $chunk.candidates:\n"
        "        stop = $chunk.candidates[0].finish_reason or stop\n" + _GEMINI,
    },
)
