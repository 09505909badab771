"""Conversations that a run sends to a model, for the oracles of requests and histories."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from agent_chaos.cassette.model import Exchange
from agent_chaos.oracles.oracle import Evidence
from agent_chaos.providers.json_values import loaded, value_at
from agent_chaos.providers.registry import protocols
from agent_chaos.providers.rules import Problem
from agent_chaos.stream.exchange import Reply, Request
from agent_chaos.trace.trace import Call, Trace


def first_fault_turn(trace: Trace) -> int | None:
    """The scenario turn in which the first fault struck; None where none did."""
    struck = [(one.seq, one.turn) for one in trace.calls if one.fired]
    struck += [(one.seq, one.turn) for one in trace.tools if one.fired]
    return min(struck)[1] if struck else None


def part_at(call: Call, path: str) -> dict[str, Any]:
    """What stands at a JSON path of a call's request, by the path; None where nothing does."""
    return {path: value_at(loaded(call.request.body), path)}


def refused(evidence: Evidence) -> Iterator[tuple[Call, Problem]]:
    """Why requests of a run would be refused, in order; not for rules that the recording breaks too."""
    trace, clean = evidence.trace, evidence.clean
    known = clean.derived("problems", lambda: [_problems(clean, call) for call in clean.calls])
    alike = 0
    for one, other in zip(trace.calls, clean.calls, strict=False):
        if one.request != other.request:
            break
        alike += 1
        # Its request is still the clean run's; what the agent sends after another reply is not.
        if one.reply != other.reply:
            break
    for number, call in enumerate((*trace.calls, *trace.probed)):
        # As far as a run goes like the clean one, what is wrong with its conversation is known: to look through it at
        # each call of each example costs the square of its length.
        for problem in known[number] if number < alike else _problems(trace, call):
            if problem.rule not in evidence.tolerated:
                yield call, problem


def _problems(trace: Trace, call: Call) -> tuple[Problem, ...]:
    if call.wire is None:
        return ()
    prior = [(one.request, one.reply) for one in trace.calls if one.seq < call.seq and one.reply]
    return tuple(call.wire.problems(call.request, prior))


def tolerated(exchanges: Iterable[Exchange]) -> frozenset[str]:
    """The rules that recorded requests break although the provider answered them."""
    broken: set[str] = set()
    prior: list[tuple[Request, Reply]] = []
    for one in exchanges:
        wire = protocols().get(one.protocol)
        # A request that the provider refused in the recording is no proof that it accepts such ones.
        if wire is not None and one.reply.ok:
            broken |= {problem.rule for problem in wire.problems(one.request, prior)}
        prior.append((one.request, one.reply))
    return frozenset(broken)
