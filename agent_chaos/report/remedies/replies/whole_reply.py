"""A reply is used without a look at how it ended, and whether it says anything."""

from __future__ import annotations

from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.remedy import Remedy

_ORACLES = ("unfinished_tool_call", "silent_truncation")
_WHERE_IT_WAS_KEPT = ("history_poisoning", "request_validity")
"""The same, where the client heard of no error: after an exception there is no reply whose end could be looked at."""

_RAISE = '    raise RuntimeError(f"incomplete reply: {stop}")'
_BLOCKS = 'said = [b for b in blocks if b.type != "text" or b.text]\n'
_ANTHROPIC = 'if stop not in ("end_turn", "tool_use") or not said:\n' + _RAISE
_CHAT = 'if stop not in ("stop", "tool_calls") or not said:\n' + _RAISE
_GEMINI = "if stop != types.FinishReason.STOP or not said:\n" + _RAISE


def _fits(case: Case) -> bool:
    oracle = case.violation.oracle
    if oracle == "unhandled_exception":
        return case.read_too_soon or case.read_nothing
    if oracle in _WHERE_IT_WAS_KEPT:
        empty = "empty message" in case.violation.subject and not case.says_something
        return empty or (case.ended_early and case.read_without_an_error)
    if oracle == "empty_answer":
        return not case.struck_only_tools
    return oracle in _ORACLES or (oracle == "swallowed_error" and case.ended_early)


REMEDY = Remedy(
    name="whole_reply",
    headline="Replies that are cut short or empty are used as if they were whole",
    does="Look at how the reply ended, and whether it says anything, before it is used.",
    fits=_fits,
    at=lambda case: case.at_call,
    order=9,
    code={
        "anthropic_messages": "stop, blocks = $reply.stop_reason, $reply.content or []\n"
        + _BLOCKS
        + _ANTHROPIC,
        "openai_chat": "stop = $reply.choices[0].finish_reason\n"
        "message = $reply.choices[0].message\n"
        "said = message.content or message.tool_calls\n" + _CHAT,
        "openai_responses": "stop, items = $reply.status, $reply.output or []\n"
        'calls = [i for i in items if i.type == "function_call"]\n'
        'parts = [p for i in items if i.type == "message" for p in i.content]\n'
        'texts = [p.text for p in parts if p.type == "output_text"]\n'
        'if stop != "completed" or not (calls or any(texts)):\n' + _RAISE,
        "bedrock_converse": 'stop = $reply.get("stopReason")\n'
        'message = $reply.get("output", {}).get("message", {})\n'
        'blocks = message.get("content", [])\n'
        'said = [b for b in blocks if b.get("text") or "toolUse" in b]\n' + _ANTHROPIC,
        "gemini": "stop = $reply.candidates and $reply.candidates[0].finish_reason\n"
        "said = $reply.text or $reply.function_calls\n" + _GEMINI,
    },
    events={
        "anthropic_messages": "stop, said = None, False\n"
        "$for $chunk in ...:\n"
        '    said |= $chunk.type == "content_block_start"\n'
        '    if $chunk.type == "message_delta":\n'
        "        stop = $chunk.delta.stop_reason\n" + _ANTHROPIC,
        "openai_chat": "stop, said = None, False\n"
        "$for $chunk in ...:\n"
        "    if $chunk.choices:\n"
        "        delta = $chunk.choices[0].delta\n"
        "        said |= bool(delta.content or delta.tool_calls)\n"
        "        stop = $chunk.choices[0].finish_reason or stop\n" + _CHAT,
        "openai_responses": "complete = said = False\n"
        "$for $chunk in ...:\n"
        '    said |= $chunk.type.endswith(".delta")\n'
        '    complete |= $chunk.type == "response.completed"\n'
        "if not complete or not said:\n"
        '    raise RuntimeError("incomplete reply")',
        "bedrock_converse": "stop, said = None, False\n"
        "$for $chunk in ...:\n"
        '    said |= "contentBlockStop" in $chunk\n'
        '    if "messageStop" in $chunk:\n'
        '        stop = $chunk["messageStop"]["stopReason"]\n' + _ANTHROPIC,
        "gemini": "stop, said = None, False\n"
        "$for $chunk in ...:\n"
        "    if $chunk.candidates:\n"
        "        said |= bool($chunk.candidates[0].content)\n"
        "        stop = $chunk.candidates[0].finish_reason or stop\n" + _GEMINI,
    },
)
