"""The agent's own line fails on a reply whose shape it took for granted."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent_chaos.report.agent_source.absent_value import absence_at
from agent_chaos.report.agent_source.own_names import names_at
from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.remedy import Remedy


def _fits(case: Case) -> bool:
    return case.violation.oracle == "unhandled_exception" and not case.from_library


def _checked(cases: Sequence[Case]) -> str:
    """A check of the very values that the line missed; '' where it does not tell one of them."""
    absent = [absence_at(case.at_exception, case.raised.message) if case.raised else "" for case in cases]
    if not all(absent):
        return ""
    # What stands in another value is looked at after it.
    ordered = sorted(dict.fromkeys(absent), key=lambda one: len(_value(one)))
    chunk = names_at(cases[0].at_call, cases[0].protocol).chunk
    within = bool(chunk) and all(_value(one).partition(".")[0] == chunk for one in ordered)
    named = re.findall(r"[A-Za-z_]\w*", _value(ordered[0]))[-1]
    does = "continue" if within else f'raise RuntimeError("the reply holds no {named}")'
    return "\n".join(f"if {one}:\n    {does}" for one in ordered)


def _value(absent: str) -> str:
    return absent.removeprefix("not ").removesuffix(" is None")


REMEDY = Remedy(
    name="reply_shape",
    headline="A reply's shape is taken for granted",
    does="Check that the reply has what this line reads, and treat one that has not as failed.",
    fits=_fits,
    at=lambda case: case.at_exception,
    order=70,
    write=_checked,
    code={
        "openai_chat": 'if not getattr($reply, "choices", None):\n'
        '    raise RuntimeError("the reply holds no choice")',
        "openai_responses": 'if not getattr($reply, "output", None):\n'
        '    raise RuntimeError("the reply holds no output")',
        "bedrock_converse": 'if not $reply.get("output"):\n    raise RuntimeError("the reply holds no output")',
        "gemini": "if not $reply.candidates or not $reply.candidates[0].content:\n"
        '    raise RuntimeError("the reply holds no content")',
        "anthropic_messages": 'if not getattr($reply, "content", None):\n'
        '    raise RuntimeError("the reply holds no content")',
    },
    events={
        "openai_chat": "for $chunk in ...:\n    if not $chunk.choices or not $chunk.choices[0].delta:\n        continue",
        "openai_responses": "",
        "gemini": "for $chunk in ...:\n    if not $chunk.candidates or not $chunk.candidates[0].content:\n        continue",
        "anthropic_messages": "",
    },
)
