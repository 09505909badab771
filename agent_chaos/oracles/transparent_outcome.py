"""A fault that a correct stack recovers from changed what came out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

from agent_chaos.faults.fault import Fault
from agent_chaos.oracles.oracle import Evidence, Gravity, Severity, Undecided, Violation
from agent_chaos.oracles.reading.effects import only_reads
from agent_chaos.oracles.reading.turns import all_transparent, executed, read_whole, shown
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Call, Trace

_READ = (
    "Read a stream to its end, whatever it is divided into: tell tool calls apart by id and index, set an id or a name instead of "
    "appending it, and pass over chunks that hold nothing."
)
_ADVICE = "Make the retry invisible: send the same request again, and use only the attempt that succeeded."


class TransparentOutcome:
    """Transient faults, each once and within the time budget, must not change answers or tool calls. A tool that is
    declared pure, or whose name says that it only reads, may run again with the same arguments. An agent whose own deadline
    ended a call is not judged: nobody has to wait for a reply that comes late.

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
        if other is not None and _heard_as_recorded(evidence.trace, before=other.seq):
            yield self._asked_otherwise(other)
        elif evidence.trace.left_at is None and _must_recover(evidence):
            yield from self._answers(evidence)
            yield from self._tools(evidence)

    def _asked_otherwise(self, call: Call) -> Violation:
        """An agent that heard every word as recorded must go on as recorded; one that met an error may ask something else."""
        reason = (
            f"left the recording at call {call.call}, although every reply before it was read to its end and said what the "
            "recorded one says"
        )
        return self._violation("request", reason, "", "", advice=_READ)

    def _answers(self, evidence: Evidence) -> Iterable[Violation]:
        before, after = _texts(evidence.clean), _texts(evidence.trace)
        for turn, (was, now) in enumerate(zip(before, after, strict=False)):
            if was != now:
                reason = f"turn {turn} answered {shown(now, 90)!r}, not {shown(was, 90)!r}"
                advice = _READ if _heard_as_recorded(evidence.trace, before=math.inf) else _ADVICE
                yield self._violation("answer", reason, was, now, advice)
                return

    def _tools(self, evidence: Evidence) -> Iterable[Violation]:
        before, after = (_tool_calls(one, evidence.clean) for one in (evidence.clean, evidence.trace))
        if before != after:
            more, fewer = list((after - before).elements()), list((before - after).elements())
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
    if trace.raised or trace.incidents_of("timeout", "budget"):
        return False
    return all_transparent(evidence) and not _gave_up_waiting(trace)


def _gave_up_waiting(trace: Trace) -> bool:
    """Whether the agent left a call that a fault had made late, before its reply had come, or failed."""
    left = [call for call in trace.calls if call.fired and _is_late(call) and _is_left(trace, call)]
    return any(not (call.reply and call.reply.body) or not read_whole(trace, call) for call in left)


def _is_late(call: Call) -> bool:
    """Whether the reply took longer than the recorded one; a client that leaves any other does not leave for its delay."""
    if call.reply is None:
        return False
    return call.recorded is None or call.reply.duration > call.recorded.duration or not call.reply.ok


def _is_left(trace: Trace, call: Call) -> bool:
    delivered = trace.deliveries.get(call.seq)
    return delivered is None or delivered.outcome in ("open", "closed")


def _heard_as_recorded(trace: Trace, *, before: float) -> bool:
    """Whether faults struck replies alone until then, left the whole turn in each, and the client read it to its last byte.

    What strikes a run later changes nothing about what it had heard.
    """
    struck = [call for call in trace.calls if call.fired and call.seq < before]
    if not struck or any(run.fired and run.seq < before for run in trace.tools):
        return False
    return all(
        read_whole(trace, call) and all(_says_the_same(fault) for fault in call.fired) for call in struck
    )


def _says_the_same(fault: Fault) -> bool:
    return fault.transparent and not set(fault.changes) - {"other_parts"}


def _texts(trace: Trace) -> list[str]:
    return [" ".join(answer.text.split()) for answer in trace.answers]


def _tool_calls(trace: Trace, clean: Trace) -> Counter[str]:
    """Each call as often as it was made; of a tool that changes nothing, once."""
    pure = {run.name for run in clean.tools if run.effect == "pure"}
    made: Counter[str] = Counter()
    for one in executed(trace, clean):
        call = f"{one.name} {shown(one.arguments, 500)}"
        made[call] = 1 if one.name in pure or only_reads(one.name) else made[call] + 1
    return made


ORACLE = TransparentOutcome()
