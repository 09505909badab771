"""A tool runs on arguments that are no JSON, in a reply that ended as it should."""

from __future__ import annotations

from collections.abc import Sequence

from agent_chaos.report.agent_source.json_text import json_text_at
from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.remedy import Remedy
from agent_chaos.trace.stack_frame import StackFrame

# Python's own parser takes NaN and Infinity for numbers.
_REFUSE = """def refuse(constant):
    raise ValueError(f"{constant} is no JSON")


"""
# An error of the agent's own: one of a parser looks like a bug of the agent.
_RAISE = """except ValueError as exc:
    raise RuntimeError("tool arguments are no JSON") from exc"""


def _strict(text: str) -> str:
    return f"{_REFUSE}text = {text}\ntry:\n    arguments = json.loads(text, parse_constant=refuse)\n{_RAISE}"


def _is_text(case: Case) -> bool:
    """Whether the SDK at hand gives arguments as the text that came, for the agent to parse."""
    return case.protocol in ("openai_chat", "openai_responses")


def _at(case: Case) -> StackFrame | None:
    return (case.at_tool if _is_text(case) else None) or case.at_call


def _own(cases: Sequence[Case]) -> str:
    text = json_text_at(cases[0].at_tool) if _is_text(cases[0]) else ""
    return _strict(text) if text else ""


REMEDY = Remedy(
    name="strict_arguments",
    headline="Tool arguments that are no JSON are run all the same",
    does="Read the arguments of a call as strict JSON, from the text that the model sent, and ask again where that fails; a "
    "parser for partial JSON turns a cut 1500 into 15, and Python's own takes NaN.",
    # A reply that ended early is told by how it ended, which is less to change.
    fits=lambda case: case.violation.oracle == "unfinished_tool_call" and not case.ended_early,
    at=_at,
    order=8,
    write=_own,
    code={
        "anthropic_messages": _REFUSE + "texts = {}  # block.input is repaired already\n"
        "$for event in $stream:  # all of them, not only its texts\n"
        '    if event.type == "content_block_delta":\n'
        '        part = getattr(event.delta, "partial_json", "")\n'
        '        texts[event.index] = texts.get(event.index, "") + part\n'
        "try:\n"
        "    for text in texts.values():\n"
        '        json.loads(text or "{}", parse_constant=refuse)\n' + _RAISE,
        "openai_chat": _strict("call.function.arguments"),
        "openai_responses": _strict("item.arguments"),
    },
)
