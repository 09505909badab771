"""After a failure the same question is asked without the system prompt, or without the conversation before it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from agent_chaos.oracles.oracle import Evidence, Gravity, Severity, Undecided, Violation
from agent_chaos.oracles.reading.marks import is_marked
from agent_chaos.oracles.reading.prompts import question, text_of_message, told
from agent_chaos.oracles.reading.turns import (
    clean_answer,
    failed,
    in_one_line,
    is_truncated,
    prompt_of_call,
    served_turn,
    shown,
)
from agent_chaos.providers.turn import Message, Prompt
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Call, Trace

_ADVICE = {
    "system prompt": "Make every attempt from the same messages and the same system prompt, that of another model, too.",
    "conversation": "Make every attempt from the same messages, that of another model, too; where the conversation has to be given "
    "up, say so in the answer.",
}
_TOO_LARGE = (400, 404, 413, 422)
"""Refusals of what was asked, as for a conversation that is too long or is not known there: to ask less is right."""


class LostContext:
    """A call failed, or its reply was cut short, and in the same turn the same question is asked again, of this model or of
    another one, without the system prompt, or without all that was said before it: the model answers without its rules, or
    without what the user has told it.

    After a refusal of the request itself (400, 404, 413, 422) to ask with less is right, and so it is to ask without the
    conversation after a reply that hit the token limit or a filter. Where the later request tells something of its own (other
    rules, a summary) or asks for something else (tools, a schema), nobody can say that it is the same attempt; and an answer
    that says in words of its own what was given up is no finding. Source: openclaw#60241, #65805.
    """

    name = "lost_context"
    headline = "The next attempt is made without what the first one told the model"
    needs = Fidelity.MISS
    gravity = Gravity.UNTRUE_ANSWER
    severity: Severity = "error"
    timed = False

    def judge(self, evidence: Evidence) -> Iterable[Violation | Undecided]:
        """At most one violation of each kind."""
        seen: set[str] = set()
        for call in evidence.trace.calls if evidence.trace.fired else ():
            for later in _attempts(evidence.trace, call) if _struck(evidence.trace, call) else ():
                about = _lost(call, later)
                if (
                    about
                    and about not in seen
                    and not _asks_otherwise(call, later)
                    and not _is_usual(evidence, later)
                    and not _says_so(evidence, later)
                ):
                    seen.add(about)
                    yield self._violation(about, call, later)

    def _violation(self, about: str, call: Call, later: Call) -> Violation:
        before = _system(call) if about == "system prompt" else _conversation(call)
        lost = shown(before if isinstance(before, str) else before[0], 90)
        return Violation(
            oracle=self.name,
            subject=about,
            reason=f"call {call.call} was asked again as call {later.call} without the {about}: {lost!r} is no longer told",
            advice=_ADVICE[about],
            call_seq=later.seq,
            before=before,
            after=told(later),
        )


def _struck(trace: Trace, call: Call) -> bool:
    struck = failed(trace, call) or is_truncated(call) or _is_empty(call)
    return bool(call.fired) and not _is_refused(call) and struck


def _is_refused(call: Call) -> bool:
    return call.reply is not None and call.reply.status in _TOO_LARGE


def _is_stopped(call: Call) -> bool:
    """Whether a reply hit the token limit or a filter, which the conversation may have brought about."""
    turn = served_turn(call)
    return turn is not None and turn.stop in ("length", "filter")


def _is_empty(call: Call) -> bool:
    turn = served_turn(call)
    return turn is not None and not turn.text.strip() and not turn.tool_calls


def _attempts(trace: Trace, call: Call) -> Iterable[Call]:
    """The later calls of a turn that ask what a call had asked, in the user's own words, and nothing more."""
    asked = question(call)
    for later in trace.calls:
        if later.seq > call.seq and later.turn == call.turn and asked and question(later) == asked:
            yield later
            # What is asked after it may have less for its sake.
            if _is_refused(later) or _is_stopped(later):
                return


def _lost(call: Call, later: Call) -> str:
    """What a later attempt no longer tells: the system prompt, the conversation; empty where it tells all of it."""
    now = in_one_line("\n".join(told(later)))
    system = in_one_line(_system(call))
    if system and system not in now and not _system(later).strip():
        return "system prompt"
    if _is_stopped(call):
        return ""
    kept = _conversation(later) or _previous(later)
    before = _conversation(call)
    # Another message may hold the conversation as one text.
    return "conversation" if before and not kept and not any(text in now for text in before) else ""


def _conversation(call: Call) -> list[str]:
    """What users and models had said before the last question."""
    return [text for message in _spoken(call)[:-1] if (text := in_one_line(text_of_message(message)))]


def _previous(call: Call) -> str:
    prompt = prompt_of_call(call)
    return prompt.previous if prompt else ""


def _system(call: Call) -> str:
    prompt = prompt_of_call(call)
    said = (text_of_message(one) for one in _messages(prompt) if one.role == "system")
    return "\n".join(filter(None, (prompt.system if prompt else "", *said)))


def _spoken(call: Call) -> list[Message]:
    return [one for one in _messages(prompt_of_call(call)) if one.role != "system"]


def _messages(prompt: Prompt | None) -> tuple[Message, ...]:
    return prompt.messages if prompt else ()


def _asks_otherwise(call: Call, later: Call) -> bool:
    """Whether a later call tells something of its own, or asks for another form of reply."""
    first, second = prompt_of_call(call), prompt_of_call(later)
    if first is None or second is None:
        return True
    before = in_one_line("\n".join(told(call)))
    tools = {tool.name for tool in second.tools} - {tool.name for tool in first.tools}
    own = any(in_one_line(text) not in before for text in told(later))
    other = call.protocol == later.protocol and bool(_settings(later) - _settings(call))
    return own or bool(tools) or second.forced != first.forced or other


def _settings(call: Call) -> set[str]:
    """The names of a request's settings that are objects, as a schema is."""
    try:
        body = json.loads(call.request.body)
    except ValueError:
        return set()
    return set(_objects(body, ""))


def _objects(value: Any, at: str) -> Iterator[str]:
    for name, inner in value.items() if isinstance(value, dict) else ():
        if isinstance(inner, dict):
            yield f"{at}.{name}"
            yield from _objects(inner, f"{at}.{name}")


def _is_usual(evidence: Evidence, later: Call) -> bool:
    """Whether the clean run asks just that, too, with whatever settings: a title, a check, a vote on the question alone."""
    asked = prompt_of_call(later)
    usual = filter(None, map(prompt_of_call, evidence.clean.calls))
    return asked is not None and any(
        (one.system, one.messages) == (asked.system, asked.messages) for one in usual
    )


def _says_so(evidence: Evidence, later: Call) -> bool:
    """Whether the turn's answer has a word of its own, which neither the clean one nor the models had."""
    clean = clean_answer(evidence, later.turn)
    mine = next((one for one in evidence.trace.answers if one.turn == later.turn), None)
    said = [turn.text for turn in map(served_turn, evidence.trace.calls) if turn is not None]
    return mine is not None and clean is not None and is_marked(mine, clean, said)


ORACLE = LostContext()
