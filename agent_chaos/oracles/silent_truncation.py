"""A truncated answer is passed on as a whole one."""

from __future__ import annotations

import re
from collections.abc import Iterable

from agent_chaos.oracles.oracle import Evidence, Gravity, Severity, Undecided, Violation
from agent_chaos.oracles.reading.turns import (
    clean_answer,
    curtailed,
    last_call_of_turn,
    recorded_turn,
    served_turn,
    shown,
)
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Answer, Call

_MARKED = re.compile(
    r"truncat|incomplet|cut off|cut short|interrupted|partial|unfinished|could not|couldn't|unable|try again|error|\[…\]",
    re.IGNORECASE,
)
_ADVICE = (
    "Check that the reply is complete before using its text: the stream's terminator arrived and the stop reason is not "
    "the token limit; otherwise ask again or say that the answer is cut."
)

_WHY = {
    "length": "the token limit was hit",
    "pause": "the model had paused",
    "filter": "a filter broke the reply off",
    "other": "the model broke the reply off",
}


class SilentTruncation:
    """A reply lost its terminator, or hit the token limit, where the recorded one had not; the run returned normally,
    did not ask again, and gives the partial text to the user with nothing that marks it.

    Source: pydantic-ai#6610, opencode#26170, crewAI#5148, griptape#2333 (§3.7).
    """

    name = "silent_truncation"
    needs = Fidelity.QUESTION
    gravity = Gravity.UNTRUE_ANSWER
    severity: Severity = "error"

    def judge(self, evidence: Evidence) -> Iterable[Violation | Undecided]:
        """One violation per turn that ended so."""
        for answer in evidence.trace.answers:
            call = last_call_of_turn(evidence.trace, answer.turn)
            clean = clean_answer(evidence, answer.turn)
            if call is not None and clean is not None and curtailed(call) and _passed_on(call, answer, clean):
                yield self._violation(call, answer, clean)

    def _violation(self, call: Call, answer: Answer, clean: Answer) -> Violation:
        served = served_turn(call)
        why = _WHY.get(served.stop or "" if served else "", "the stream ended early")
        why = "the reply said that it had failed" if served and served.error is not None else why
        return Violation(
            oracle=self.name,
            subject="answer",
            reason=f"{why} at call {call.call}, and turn {answer.turn} still answered {shown(answer.text, 90)!r} as if "
            "that were all",
            advice=_ADVICE,
            call_seq=call.seq,
            before=clean.text,
            after=answer.text,
        )


def _passed_on(call: Call, answer: Answer, clean: Answer) -> bool:
    """Whether the answer is the clean one with the partial text in place of the whole, or holds it unmarked."""
    served, recorded = served_turn(call), recorded_turn(call)
    if served is None or recorded is None:
        return False
    partial, whole = served.text.strip(), recorded.text.strip()
    if not partial or answer.text.strip() == clean.text.strip() or partial not in answer.text:
        return False
    if whole and answer.text == clean.text.replace(whole, partial):
        return True
    return not _MARKED.search(answer.text.replace(partial, ""))


ORACLE = SilentTruncation()
