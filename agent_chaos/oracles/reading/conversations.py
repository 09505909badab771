"""Conversations that a run sends to a model, for the oracles of requests and histories."""

from __future__ import annotations

from collections.abc import Iterator

from agent_chaos.oracles.oracle import Evidence
from agent_chaos.providers.rules import Problem
from agent_chaos.trace.trace import Call, Trace


def first_fault_turn(trace: Trace) -> int | None:
    """The scenario turn in which the first fault struck; None where none did."""
    struck = [(one.seq, one.turn) for one in trace.calls if one.fired]
    struck += [(one.seq, one.turn) for one in trace.tools if one.fired]
    return min(struck)[1] if struck else None


def refused(evidence: Evidence) -> Iterator[tuple[Call, Problem]]:
    """Why requests of a run would be refused, in order; not for rules that the clean run breaks too."""
    usual: set[str] | None = None
    for call, problem in _problems(evidence.trace):
        usual = {one.rule for _, one in _problems(evidence.clean)} if usual is None else usual
        if problem.rule not in usual:
            yield call, problem


def _problems(trace: Trace) -> Iterator[tuple[Call, Problem]]:
    for call in (*trace.calls, *trace.probed):
        if call.wire is not None:
            served = [(one.request, one.reply) for one in trace.calls if one.seq < call.seq and one.reply]
            yield from ((call, problem) for problem in call.wire.problems(call.request, served))
