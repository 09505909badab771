"""The run succeeds with nothing to say."""

from __future__ import annotations

from collections.abc import Iterable

from agent_chaos.oracles.oracle import Evidence, Gravity, Severity, Undecided, Violation
from agent_chaos.oracles.reading.turns import clean_answer, last_call_of_turn
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Answer

_ADVICE = "Treat an empty reply as a failed one: ask again, or raise an error that the caller can show."


class EmptyAnswer:
    """A turn returned normally with an empty answer where the clean one was not.

    Source: langchain#33504, adk-python#1521, crewAI#2885.
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
            if clean is not None and _empty(answer) and not _empty(clean):
                call = last_call_of_turn(evidence.trace, answer.turn)
                yield Violation(
                    oracle=self.name,
                    subject="answer",
                    reason=f"turn {answer.turn} returned an empty answer as a success",
                    advice=_ADVICE,
                    call_seq=call.seq if call else None,
                    before=clean.text,
                    after=answer.text,
                )


def _empty(answer: Answer) -> bool:
    # `str(None)`: what an agent returns that puts a missing text into an f-string.
    return answer.text.strip() in ("", "None")


ORACLE = EmptyAnswer()
