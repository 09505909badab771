"""The run succeeds with nothing to say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from agent_chaos.oracles.oracle import Evidence, Gravity, Severity, Undecided, Violation
from agent_chaos.oracles.reading.marks import is_marked
from agent_chaos.oracles.reading.prompts import LONG_ENOUGH, failed_for_good, is_again, was_continued
from agent_chaos.oracles.reading.turns import (
    clean_answer,
    in_one_line,
    last_call_of_turn,
    recorded_text,
    served_turn,
    shown,
)
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Answer, Call, Trace

_NO_TEXT = ("", "None", "null", "undefined")
"""What programs make of a reply without a text."""
_ADVICE = "Treat an empty reply as a failed one: ask again, or raise an error that the caller can show."


class EmptyAnswer:
    """A turn returned normally with an empty answer where the clean one was not, or with the clean one's words around a
    reply that said nothing.

    An answer whose other fields say that something is missing is none; and where no reply came at all, so that a `None` is the
    agent's own word for that, it is a warning. Source: langchain#33504, adk-python#1521, crewAI#2885.
    """

    name = "empty_answer"
    headline = "A reply that says nothing passes for an answer"
    needs = Fidelity.PROVIDER
    gravity = Gravity.OTHER_ANSWER
    severity: Severity = "error"
    timed = False

    def judge(self, evidence: Evidence) -> Iterable[Violation | Undecided]:
        """One violation per turn that ended so."""
        for answer in evidence.trace.answers:
            clean = clean_answer(evidence, answer.turn)
            if clean is None or _empty(clean) or is_marked(_without_text(answer), clean, ()):
                continue
            call = last_call_of_turn(evidence.trace, answer.turn)
            if _empty(answer):
                yield self._violation(evidence, answer, clean, call, "an empty answer")
            elif (silent := _silent_frame(evidence, answer, clean)) is not None:
                yield self._violation(evidence, answer, clean, silent, f"{shown(answer.text, 90)!r}")

    def _violation(
        self, evidence: Evidence, answer: Answer, clean: Answer, call: Call | None, what: str
    ) -> Violation:
        own_word = answer.value is None and call is not None and failed_for_good(evidence.trace, call)
        return Violation(
            oracle=self.name,
            subject="answer",
            reason=f"turn {answer.turn} returned {what} as a success",
            advice=_ADVICE,
            severity="warning" if own_word else "error",
            call_seq=call.seq if call else None,
            before=clean.text,
            after=answer.text,
        )


def _empty(answer: Answer) -> bool:
    # `str(None)`: what an agent returns that puts a missing text into an f-string.
    return answer.text.strip() in ("", "None")


def _without_text(answer: Answer) -> Answer:
    """The answer by what it says beside its text."""
    return answer if isinstance(answer.value, dict) else replace(answer, text="", value=None)


def _silent_frame(evidence: Evidence, answer: Answer, clean: Answer) -> Call | None:
    """The call whose reply said nothing and stands in the clean answer, where this one has the rest of that and no more."""
    for call in evidence.trace.calls:
        served, whole = served_turn(call), recorded_text(call).strip()
        silent = served is not None and not served.text.strip() and not served.tool_calls
        if (
            silent
            and call.fired
            and not any(was_continued(evidence.trace, one) for one in _before(evidence.trace, call))
            and call.turn == answer.turn
            and len(whole) >= LONG_ENOUGH
            and whole in clean.text
        ) and _leaves_out(answer.text, clean.text, whole):
            return call
    return None


def _before(trace: Trace, call: Call) -> Iterator[Call]:
    """The earlier attempts of a call."""
    return (one for one in trace.calls if one.seq < call.seq and is_again(call, one))


def _leaves_out(text: str, usual: str, whole: str) -> bool:
    """Whether a text is the usual one with nothing in one of the places where a reply's words stand, or in several."""
    # Not in all of them: what stands elsewhere may come from a tool, or from another reply.
    either = "|".join(re.escape(one) for one in (in_one_line(whole), *_NO_TEXT))
    frame = rf"\s*(?:{either})\s*".join(re.escape(in_one_line(part)) for part in usual.split(whole))
    one_line = in_one_line(text)
    return one_line != in_one_line(usual) and re.fullmatch(frame, one_line) is not None


ORACLE = EmptyAnswer()
