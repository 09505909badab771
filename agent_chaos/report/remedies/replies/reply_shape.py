"""The agent's own line fails on a reply whose shape it took for granted."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent_chaos.oracles.reading.turns import served_turn
from agent_chaos.report.agent_source.absent_value import absence_at
from agent_chaos.report.agent_source.example_code import with_names
from agent_chaos.report.agent_source.own_names import names_at, walks_at
from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.remedy import Remedy
from agent_chaos.trace.stack_frame import StackFrame

_ABSENCES = ("NoneType", "index out of range", "has no attribute")


def _fits(case: Case) -> bool:
    return case.violation.oracle == "unhandled_exception" and not case.from_library


def _at(case: Case) -> StackFrame | None:
    """The call, where its reply lacks all that a reply has: a look at that ends the failure, whatever line missed something first."""
    return case.at_call if _is_hollow(case) else case.at_exception


def _written(cases: Sequence[Case]) -> str:
    """A check of what every reply has, where that was missing, else of the very values that the line missed; or ''."""
    case = cases[0]
    names = names_at(case.at_call, case.protocol)
    if _is_hollow(case):
        return with_names(_WHOLE[case.protocol], names, case.protocol)
    if own := _checked(cases):
        return own
    # Where something is of another type, to ask whether it is there would help nobody.
    hollow = names.chunk and all(_missed(one) and _holds_nothing(one) for one in cases)
    return with_names(_EVENTS.get(case.protocol, ""), names, case.protocol) if hollow else ""


def _checked(cases: Sequence[Case]) -> str:
    absent = [absence_at(case.at_exception, case.raised.message) if case.raised else "" for case in cases]
    if not all(absent):
        return ""
    # What stands in another value is looked at after it; `not x` finds a None, too.
    empty = {_value(one) for one in absent if one.startswith("not ")}
    needed = [one for one in dict.fromkeys(absent) if one.startswith("not ") or _value(one) not in empty]
    ordered = sorted(needed, key=lambda one: len(_value(one)))
    chunk = names_at(cases[0].at_call, cases[0].protocol).chunk
    # A chunk that has not what others have is passed over.
    within = walks_at(cases[0].at_exception, chunk)
    lines = [f"if {one}:\n    {'continue' if within else _raise(one)}" for one in ordered]
    if within and (error := f"{chunk}.choices is None") in absent:
        # An event without a choice is noise; one that has not even the field is an error's.
        lines.insert(0, f'if {error}:\n    raise RuntimeError("the stream reports an error")')
    return "\n".join(lines)


def _raise(absent: str) -> str:
    named = re.findall(r"[A-Za-z_]\w*", _value(absent))[-1]
    return f'raise RuntimeError("the reply holds no {named}")'


def _is_hollow(case: Case) -> bool:
    """Whether the agent took a whole reply, which held nothing at all, for one that says something."""
    if case.protocol not in _WHOLE or not _missed(case) or not _holds_nothing(case):
        return False
    return not names_at(case.at_call, case.protocol).chunk


def _missed(case: Case) -> bool:
    """Whether something was not there at all, by what Python said of it."""
    return case.raised is not None and any(words in case.raised.message for words in _ABSENCES)


def _holds_nothing(case: Case) -> bool:
    """Whether the reply has no part, as that of an error object that came in its place."""
    turn = served_turn(case.call) if case.call is not None else None
    return turn is not None and (turn.error is not None or not turn.parts)


def _value(absent: str) -> str:
    return absent.removeprefix("not ").removesuffix(" is None")


_WHOLE = {
    "openai_chat": 'if not getattr($reply, "choices", None):\n'
    '    raise RuntimeError("the reply holds no choice")',
    "openai_responses": 'if not getattr($reply, "output", None):\n'
    '    raise RuntimeError("the reply holds no output")',
    "bedrock_converse": 'if not $reply.get("output"):\n    raise RuntimeError("the reply holds no output")',
    "gemini": "if not $reply.candidates or not $reply.candidates[0].content:\n"
    '    raise RuntimeError("the reply holds no content")',
    "anthropic_messages": 'if not getattr($reply, "content", None):\n'
    '    raise RuntimeError("the reply holds no content")',
}
_EVENTS = {
    "openai_chat": "$for $chunk in ...:\n    if not $chunk.choices or not $chunk.choices[0].delta:\n        continue",
    "openai_responses": "",
    "gemini": "$for $chunk in ...:\n    if not $chunk.candidates or not $chunk.candidates[0].content:\n        continue",
    "anthropic_messages": "",
}

REMEDY = Remedy(
    name="reply_shape",
    headline="The shape of a reply or a result is taken for granted",
    does="Check that what came back has what this line reads, and treat it as failed where it has not.",
    fits=_fits,
    at=_at,
    order=70,
    write=_written,
)
