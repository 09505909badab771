"""A connection or a thread was left open by a run that a fault struck."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agent_chaos.oracles.oracle import Evidence, Gravity, Severity, Undecided, Violation
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Call, Trace

_ADVICE = {
    "response": "Close a streamed reply on every path, also where reading it fails: `with` or `async with` around the stream.",
    "task": "Await, or cancel, every task that a turn starts, also where one beside it fails: asyncio.TaskGroup does, gather "
    "does not.",
    "thread": "Join, or stop, what a turn starts, also where the turn fails.",
}


_WAITING_S = 1.0
"""No stream pauses as long between two of its events unless something holds it up."""


class Leaks:
    """A reply's body was neither read to its end nor closed when the run ended, or a thread outlived it; and the clean
    run leaves nothing behind. Each keeps a connection of the pool busy until the process ends. Or a turn that ended otherwise
    than in the clean run left an asyncio task behind, which goes on and does what nobody waits for any more.

    A task counts where the agent's own code started it, none of that name is left by the clean run, and nobody cancelled it;
    not where the answers are the clean ones: then it is work in the background that only takes longer.

    Source: openai-python#763, onyx#13743, litellm#38082, mistralai/client-python#532, langchain#13509.
    """

    name = "leaks"
    headline = "Something is left open when the turn has ended"
    needs = Fidelity.MISS
    gravity = Gravity.WASTE
    severity: Severity = "error"
    timed = False

    def judge(self, evidence: Evidence) -> Iterable[Violation | Undecided]:
        """At most one violation of each kind."""
        if evidence.trace.fired:
            tasks = _new_tasks(evidence)
            # A task that is left holds its reply open; told as two findings it would be one mistake twice.
            yield from self._tasks(evidence, tasks) if tasks else self._responses(evidence)
            yield from self._threads(evidence)

    def _tasks(self, evidence: Evidence, names: list[str]) -> Iterator[Violation]:
        if _answers(evidence.trace) != _answers(evidence.clean):
            first = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
            yield Violation(
                oracle=self.name,
                subject="task",
                reason=f"the run ended with a task neither over nor cancelled: {first}",
                advice=_ADVICE["task"],
                after=names,
            )

    def _responses(self, evidence: Evidence) -> Iterator[Violation]:
        # An agent that leaves replies open without any fault does so by habit, which no fault found.
        left = [] if _open(evidence.clean) else _open(evidence.trace)
        if left:
            count = "the reply of" if len(left) == 1 else f"{len(left)} replies, the first of them that of"
            yield Violation(
                oracle=self.name,
                subject="response",
                reason=f"the run ended with {count} call {left[0].call} still open, neither read to its end nor closed",
                advice=_ADVICE["response"],
                call_seq=left[0].seq,
            )

    def _threads(self, evidence: Evidence) -> Iterator[Violation]:
        waiting = [call for call in evidence.trace.calls if _given_up(evidence.trace, call)]
        # Nobody can stop a thread that waits for a reply; it is over once its client's own timeout is.
        outlived = evidence.trace.incidents_of("thread")[len(waiting) :]
        if outlived and not evidence.clean.incidents_of("thread"):
            yield Violation(
                oracle=self.name,
                subject="thread",
                reason=f"a thread outlived the run: {outlived[0].detail}",
                advice=_ADVICE["thread"],
            )


def _new_tasks(evidence: Evidence) -> list[str]:
    usual = {incident.detail for incident in evidence.clean.incidents_of("task")}
    return [one.detail for one in evidence.trace.incidents_of("task") if one.detail not in usual]


def _answers(trace: Trace) -> list[str]:
    return [answer.text for answer in trace.answers]


def _open(trace: Trace) -> list[Call]:
    return [
        call
        for call in trace.calls
        if call.seq in trace.deliveries
        and trace.deliveries[call.seq].outcome == "open"
        and not _given_up(trace, call)
    ]


def _given_up(trace: Trace, call: Call) -> bool:
    """Whether the turn ended while the call still waited for its first byte, or for long for more: a deadline ended it, and
    its client closes it, or is still waiting in a thread that nobody can cancel."""
    answered = [one.at for one in trace.answers if one.turn == call.turn]
    ended = answered or [one.at for one in trace.raised if one.turn == call.turn]
    events = [call.at + event.at for event in call.reply.events] if call.reply else []
    pending = [at for at in events if ended and at > ended[0]]
    come = [at for at in events if not ended or at <= ended[0]]
    # How long the client had to wait there in all, not how much of it was left: a deadline may come just
    # before the rest does.
    return bool(pending) and (not come or min(pending) - max(come) > _WAITING_S)


ORACLE = Leaks()
