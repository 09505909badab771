"""A tool ran on a call the model never finished."""

from __future__ import annotations

from collections.abc import Iterable

from agent_chaos.oracles.oracle import Evidence, Gravity, Severity, Undecided, Violation
from agent_chaos.oracles.reading.turns import (
    Executed,
    asking_call,
    executed,
    is_truncated,
    recorded_turn,
    satisfies,
    sent_to,
    served_turn,
    shown,
)
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Call

_ADVICE = (
    "Run tools only when the reply is complete (its stop reason says tool use) and the arguments are strict JSON; "
    "otherwise ask again."
)


class UnfinishedToolCall:
    """A tool ran although the arguments on the wire were not a JSON object, the reply never ended, or a token limit
    cut it. Source: langchain#39275, langchainjs#11469, humux#77.
    """

    name = "unfinished_tool_call"
    headline = "A tool call that never arrived whole is run"
    needs = Fidelity.MISS
    gravity = Gravity.WRONG_EFFECT
    severity: Severity = "error"
    timed = False

    def judge(self, evidence: Evidence) -> Iterable[Violation | Undecided]:
        """One violation per tool that ran so; whole arguments of a reply that did not end are a failure of their own."""
        for one in executed(evidence.trace, evidence.clean):
            call = asking_call(evidence.trace, one)
            why = _why(call, one) if call is not None else ""
            if call is not None and why:
                yield self._violation(one, call, why)

    def _violation(self, one: Executed, call: Call, why: str) -> Violation:
        wanted = _recorded_arguments(call, one)
        whole = satisfies(one.arguments, wanted)
        # What a parser made of a whole reply's text is another failure than what a cut left of it.
        how = "whole" if whole else "cut" if is_truncated(call) else "repaired"
        meant = "" if whole else f"; the model was sending {shown(wanted)}"
        return Violation(
            oracle=self.name,
            subject=f"{one.name} ({how} arguments)",
            reason=f"{one.name} ran with {shown(one.arguments)}, but {why}{meant}",
            advice=_ADVICE,
            call_seq=call.seq,
            tool_seq=one.seq,
            before=wanted,
            after=one.arguments,
        )


def _why(call: Call, one: Executed) -> str:
    """What was unfinished about the call that asked for a tool; '' where nothing was, or no harm came of it."""
    served, recorded = served_turn(call), recorded_turn(call)
    if served is None or recorded is None or not call.fired:
        return ""
    if is_truncated(call):
        return "the token limit had been hit" if served.stop == "length" else "the reply had not ended"
    strict = all(isinstance(sent, dict) for sent in sent_to(one.name, served))
    # A parser that mends JSON and arrives at what the model meant has done no harm.
    repaired = any(satisfies(one.arguments, sent) for sent in sent_to(one.name, recorded))
    return "" if strict or repaired else "its arguments were not a JSON object"


def _recorded_arguments(call: Call, one: Executed) -> object:
    """What the model had asked for in the recording: of several calls of that tool, the one that shares most."""
    turn = recorded_turn(call)
    wanted = sent_to(one.name, turn) if turn else []
    # Parallel calls of one tool: cut arguments still share most with those that they were cut from.
    return max(wanted, key=lambda value: _shared(value, one.arguments), default=None)


def _shared(wanted: object, ran: object) -> int:
    if not isinstance(wanted, dict) or not isinstance(ran, dict):
        return 0
    return sum(ran.get(key) == value for key, value in wanted.items())


ORACLE = UnfinishedToolCall()
