"""The agent sent a conversation that the provider refuses."""

from __future__ import annotations

from collections.abc import Iterable

from agent_chaos.oracles.oracle import Evidence, Gravity, Severity, Undecided, Violation
from agent_chaos.oracles.reading.conversations import first_fault_turn, part_at, refused
from agent_chaos.oracles.reading.turns import shown
from agent_chaos.providers.rules import ADVICE as _ADVICE
from agent_chaos.providers.rules import Problem
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Call


class RequestValidity:
    """A request holds a conversation that the real provider answers with 400: a tool call without its result, a result
    without its call, an id twice, an empty message, reasoning without its signature. Replay is lenient and serves the
    recording; the real API ends the session. Judged without faults too, and up to the turn that the first one strikes;
    later turns are `history_poisoning`'s.

    Rules that the recording's own requests break are left out: its provider answered them. What a server keeps
    (`previous_response_id`, `thread`) is looked up in the run; what is not found there is not judged. What OpenAI lets pass
    and compatible servers refuse is a warning.
    Source: claude-code#2697, openai-agents#1061, #673, langgraph#5109, agent-framework#5041.
    """

    name = "request_validity"
    headline = "The provider would reject a request"
    needs = Fidelity.MISS
    gravity = Gravity.BROKEN_CONVERSATION
    severity: Severity = "error"
    timed = False

    def judge(self, evidence: Evidence) -> Iterable[Violation | Undecided]:
        """The first error, as a provider tells of one; and the first of what only some of them refuse."""
        turn = first_fault_turn(evidence.trace)
        told: set[bool] = set()
        # Where chaos rewrote the history by hand, a request that no longer holds together is what its author
        # asked for.
        for call, problem in refused(evidence) if turn is not None or not evidence.rewritten else ():
            # Later turns are `history_poisoning`'s: there what the fault left behind is the failure, not
            # the request.
            if (turn is None or call.turn <= turn) and problem.lenient not in told:
                told.add(problem.lenient)
                yield self._violation(evidence, call, problem)

    def _violation(self, evidence: Evidence, call: Call, problem: Problem) -> Violation:
        return Violation(
            oracle=self.name,
            subject=problem.rule,
            reason=f"{_asked(evidence, call)} {_answered(problem)}: {shown(problem.says, 320)}",
            advice=_ADVICE[problem.rule],
            severity="warning" if problem.lenient else "error",
            # A probe is no entry of the trace, so that its number points at nothing.
            call_seq=None if call in evidence.trace.probed else call.seq,
            after=part_at(call, problem.at),
        )


def _answered(problem: Problem) -> str:
    return "would be answered 400 by some servers of this API" if problem.lenient else "would be answered 400"


def _asked(evidence: Evidence, call: Call) -> str:
    probed = any(call is one for one in evidence.trace.probed)
    return "the user's next message" if probed else f"call {call.call}"


ORACLE = RequestValidity()
