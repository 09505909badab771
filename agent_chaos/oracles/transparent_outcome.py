"""A fault that a correct stack recovers from changed what came out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from agent_chaos.oracles.oracle import Evidence, Gravity, Severity, Undecided, Violation
from agent_chaos.oracles.reading.effects import brings_back, only_reads
from agent_chaos.oracles.reading.heard import gave_up_waiting, heard_as_recorded
from agent_chaos.oracles.reading.marks import is_marked
from agent_chaos.oracles.reading.prompts import failed_for_good
from agent_chaos.oracles.reading.turns import (
    all_transparent,
    clean_answer,
    executed,
    in_one_line,
    read_whole,
    served_turn,
    shown,
)
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Answer, Call, Trace

_READ = (
    "Read a stream to its end, whatever it is divided into: tell tool calls apart by id and index, set an id or a name instead of "
    "appending it, and pass over chunks that hold nothing."
)
_ASK_ONCE_MORE = "Send the same request once more before giving up: what failed passes by itself."
_ADVICE = "Make the retry invisible: send the same request again, and use only the attempt that succeeded."


class TransparentOutcome:
    """Transient faults, each once and within the time budget, must not change answers or tool calls. A tool that is
    declared pure, or brings something back and has a name that says that it only reads, may run again with the same
    arguments. An agent whose own deadline ended a call is not judged: nobody has to wait for a reply that comes late. One
    that did not ask again, and says in words of its own that it failed, is warned.

    Source: litellm#6957, hermes-agent#111887, openai-python#2722.
    """

    name = "transparent_outcome"
    headline = "A fault that a retry mends changes the outcome"
    needs = Fidelity.MISS
    gravity = Gravity.OTHER_ANSWER
    severity: Severity = "error"
    timed = True

    def judge(self, evidence: Evidence) -> Iterable[Violation | Undecided]:
        """At most one violation about the answers and one about the tools."""
        other = next((call for call in evidence.trace.calls if not call.fidelity.full), None)
        if other is not None and heard_as_recorded(evidence.trace, before=other.seq):
            yield self._asked_otherwise(other)
        elif evidence.trace.left_at is None and _must_recover(evidence):
            yield from self._answers(evidence)
            yield from self._tools(evidence)

    def _asked_otherwise(self, call: Call) -> Violation:
        """An agent that heard every word as recorded must go on as recorded; one that met an error may ask something else."""
        reason = (
            f"left the recording at call {call.call}, although every reply before it was read to its end and said what the "
            f"recorded one says{f': {call.difference}' if call.difference else ''}"
        )
        return self._violation("request", reason, None, None, advice=_READ)

    def _answers(self, evidence: Evidence) -> Iterable[Violation]:
        for answer in evidence.trace.answers:
            clean = clean_answer(evidence, answer.turn)
            if clean is None or in_one_line(answer.text) == in_one_line(clean.text):
                continue
            reason = f"turn {answer.turn} answered {shown(answer.text, 90)!r}, not {shown(clean.text, 90)!r}"
            advice = _READ if heard_as_recorded(evidence.trace) else _ADVICE
            told = self._violation("answer", reason, clean.text, answer.text, advice)
            yield _as_warning(told, advice) if _says_so(evidence.trace, answer, clean) else told
            return

    def _tools(self, evidence: Evidence) -> Iterable[Violation]:
        before, after = (_tool_calls(one, evidence.clean) for one in (evidence.clean, evidence.trace))
        more, fewer = list((after - before).elements()), list((before - after).elements())
        # Fewer calls alone may be the end of a turn that gave up, and said so.
        if more or (fewer and not _gave_up(evidence)):
            what = f"it also ran {shown(more)}" if more else f"it did not run {shown(fewer)}"
            yield self._violation("tools", f"after faults that pass by themselves {what}", fewer, more)

    def _violation(
        self, subject: str, reason: str, before: object, after: object, advice: str = _ADVICE
    ) -> Violation:
        return Violation(
            oracle=self.name, subject=subject, reason=reason, advice=advice, before=before, after=after
        )


def _must_recover(evidence: Evidence) -> bool:
    """Whether a correct stack comes through with the same answer, and this run had the time and the patience for it."""
    trace = evidence.trace
    # What ends a run is judged by `unhandled_exception` and `termination`; one failure is told once.
    if trace.raised or trace.incidents_of("timeout", "budget"):
        return False
    return all_transparent(evidence) and not gave_up_waiting(trace)


def _gave_up(evidence: Evidence) -> bool:
    """Whether a turn says in its answer that a call failed; what it would have done after that it need not do."""
    answers = ((answer, clean_answer(evidence, answer.turn)) for answer in evidence.trace.answers)
    return any(clean is not None and _says_so(evidence.trace, answer, clean) for answer, clean in answers)


def _says_so(trace: Trace, answer: Answer, clean: Answer) -> bool:
    """Whether a call of a turn gave nothing, and the answer is in words of the agent's own.

    No retry was promised, and nobody is misled: it could have been had, and that is all.
    """
    mine = [call for call in trace.calls if call.turn == answer.turn]
    # Any of them, since calls may be made side by side. A client that could not read a reply on leaves it, or
    # raises once it has all of it.
    nothing = any(failed_for_good(trace, one) or (one.fired and not read_whole(trace, one)) for one in mine)
    if not nothing and not heard_as_recorded(trace):
        return False
    said = [turn.text for turn in map(served_turn, trace.calls) if turn is not None]
    return is_marked(answer, clean, said)


def _as_warning(told: Violation, advice: str) -> Violation:
    milder = _ASK_ONCE_MORE if advice == _ADVICE else advice
    return told.model_copy(update={"severity": "warning", "advice": milder})


def _tool_calls(trace: Trace, clean: Trace) -> Counter[str]:
    """Each call as often as it was made; of a tool that changes nothing, once."""
    pure = {run.name for run in clean.tools if run.effect == "pure"}
    made: Counter[str] = Counter()
    ran = executed(trace, clean)
    reading = {name for name in {one.name for one in ran} if only_reads(name) and brings_back(name, clean)}
    for one in ran:
        call = f"{one.name} {shown(one.arguments, 500)}"
        made[call] = 1 if one.name in pure | reading else made[call] + 1
    return made


ORACLE = TransparentOutcome()
