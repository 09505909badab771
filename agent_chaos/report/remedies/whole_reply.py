"""A reply is used without a look at how it ended."""

from __future__ import annotations

from agent_chaos.report.remedies.remedy import Case, Remedy

_ORACLES = ("unfinished_tool_call", "silent_truncation")
_WHERE_IT_ENDED_EARLY = ("empty_answer", "swallowed_error")
"""What a look at the reply's end ends, too, where that is what went wrong."""


def _fits(case: Case) -> bool:
    oracle = case.violation.oracle
    return oracle in _ORACLES or (oracle in _WHERE_IT_ENDED_EARLY and case.ended_early)


REMEDY = Remedy(
    name="whole_reply",
    headline="Replies that were cut short are used as if they were whole",
    does="Look at how the reply ended before anything in it is used.",
    fits=_fits,
    at=lambda case: case.at_call,
    order=9,
    code={
        "anthropic_messages": 'if message.stop_reason not in ("end_turn", "tool_use"):\n'
        '    raise RuntimeError(f"incomplete reply: {message.stop_reason}")',
        "openai_chat": 'if choice.finish_reason not in ("stop", "tool_calls"):\n'
        '    raise RuntimeError(f"incomplete reply: {choice.finish_reason}")',
        "openai_responses": 'if response.status != "completed":\n'
        '    raise RuntimeError(f"incomplete reply: {response.status}")',
        "gemini": "if response.candidates[0].finish_reason != types.FinishReason.STOP:\n"
        '    raise RuntimeError(f"incomplete reply: {response.candidates[0].finish_reason}")',
    },
)
