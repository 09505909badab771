"""What a failed attempt had already said stands before the whole answer."""

from __future__ import annotations

from collections.abc import Iterable

from agent_chaos.oracles.oracle import Evidence, Gravity, Severity, Undecided, Violation
from agent_chaos.oracles.reading.reissues import sent_again
from agent_chaos.oracles.reading.turns import clean_answer, served_turn, shown
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Answer, Call

_ADVICE = "Keep the text of an attempt apart until it is whole, and drop it when the attempt is made again."


class DuplicateText:
    """A stream broke off, the request was sent again, and the answer holds the text of both attempts in a row.

    Source: nuguard#455, aden-hive/hive#5923, livekit/agents-js#2477.
    """

    name = "duplicate_text"
    headline = "The answer says the same text twice"
    needs = Fidelity.PROVIDER
    gravity = Gravity.UNTRUE_ANSWER
    severity: Severity = "error"
    timed = False

    def judge(self, evidence: Evidence) -> Iterable[Violation | Undecided]:
        """At most one violation per turn."""
        again = list(sent_again(evidence))
        for answer in evidence.trace.answers if again else ():
            clean = clean_answer(evidence, answer.turn)
            mine = [calls for calls in again if calls[0].turn == answer.turn]
            for part, whole in (pair for calls in mine for pair in _attempts(calls)):
                if clean is not None and _in_a_row(part, whole, answer) and not _in_a_row(part, whole, clean):
                    yield self._violation(part, answer, clean, mine[0][-1])
                    break

    def _violation(self, part: str, answer: Answer, clean: Answer, call: Call) -> Violation:
        return Violation(
            oracle=self.name,
            subject="answer",
            reason=f"turn {answer.turn} says {shown(part, 60)!r} of an attempt that failed, and then the whole answer",
            advice=_ADVICE,
            call_seq=call.seq,
            before=clean.text,
            after=answer.text,
        )


def _attempts(calls: list[Call]) -> Iterable[tuple[str, str]]:
    """The text of each attempt that a fault broke, with that of the last one."""
    last = served_turn(calls[-1])
    for call in calls[:-1]:
        broken = served_turn(call)
        if call.fired and broken and last and broken.text.strip() and last.text.strip():
            yield " ".join(broken.text.split()), " ".join(last.text.split())


def _in_a_row(part: str, whole: str, answer: Answer) -> bool:
    said = " ".join(answer.text.split())
    # In a row, not merely both: a short beginning of the answer stands in the whole of it anyway.
    return f"{part}{whole}" in said or f"{part} {whole}" in said


ORACLE = DuplicateText()
