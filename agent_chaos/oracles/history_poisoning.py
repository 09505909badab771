"""A turn that failed spoils the conversation for the turns after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agent_chaos.oracles.oracle import Evidence, Gravity, Severity, Undecided, Violation
from agent_chaos.oracles.reading.conversations import first_fault_turn, part_at, refused
from agent_chaos.oracles.reading.prompts import told
from agent_chaos.oracles.reading.turns import prompt_of_call, recorded_turn, served_turn, shown
from agent_chaos.providers.turn import Message, Text
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Answer, Call, ToolRun, Trace

_ADVICE = {
    "refused": "Put a turn into the history only once it is whole: where it fails, go back to the history before it, or answer "
    "its open tool calls.",
    "lost turn": "Where a turn fails, take back what this turn put into the history, and nothing before it.",
    "partial text": "Keep the text of a reply that broke off out of the history; the model takes it for its own whole words.",
}


class HistoryPoisoning:
    """In a turn after the one that a fault struck, the agent sends a history that the provider refuses, or that holds the
    partial text of a reply that had broken off (not of one that ended at the token limit: the model did say that). The
    user's next message then fails, and every one after it. Or it lacks a turn that went well, while it still has one before that
    (an agent that begins a new conversation has none), or the reply of one that a second attempt saved.

    Judged in the scenario's turns after the fault, and, where the agent keeps its history, in a probe: one turn more, in which
    the user says the last thing again, and which ends with the agent's first request. No answer is needed, since only the
    request is looked at; an agent that runs a tool before it asks cannot be probed. Source: claude-code#2697, #5989,
    cai#182, llama_index#20918, langgraph#4289, agno#8732.
    """

    name = "history_poisoning"
    headline = "What a fault left in the history spoils the turns after it"
    needs = Fidelity.MISS
    gravity = Gravity.BROKEN_CONVERSATION
    severity: Severity = "error"
    timed = False

    def judge(self, evidence: Evidence) -> Iterable[Violation | Undecided]:
        """At most one violation of each kind."""
        turn = first_fault_turn(evidence.trace)
        # Without a later turn there is nothing to be poisoned.
        if turn is None or all(call.turn <= turn for call in _asked(evidence)):
            return
        for call, problem in refused(evidence):
            if call.turn > turn and not problem.lenient:
                # A probe is no call of the run, and has no number that a reader could look up.
                at = "" if _is_probe(evidence, call) else f" at call {call.call}"
                said = f"{_name(evidence, call)} would be answered 400{at}: {shown(problem.says, 280)}"
                yield self._violation(
                    evidence, f"refused: {problem.rule}", said, "refused", call, part_at(call, problem.at)
                )
                break
        yield from self._partial(evidence, turn)
        yield from self._lost(evidence)

    def _lost(self, evidence: Evidence) -> Iterator[Violation]:
        for call in _asked(evidence):
            gone = _lost_turn(evidence, call)
            if gone is not None:
                lost = gone.input if gone.input not in "\n".join(told(call)) else gone.text
                said = f"{_name(evidence, call)} no longer has turn {gone.turn}, which went well: {shown(lost, 90)!r}"
                yield self._violation(evidence, "lost turn", said, "lost turn", call, lost)
                return

    def _partial(self, evidence: Evidence, turn: int) -> Iterator[Violation]:
        # The clean run's own messages are taken away, since a cut text may be the beginning of one that is
        # said every time ("I look.").
        broken = list(_broken_texts(evidence))
        usual = {
            text
            for call in (*evidence.clean.calls, *evidence.clean.probed)
            for text in _assistant_texts(call)
        }
        for call in _asked(evidence) if broken else ():
            kept = _assistant_texts(call) if call.turn > turn else []
            found = next((text for text in broken if text in kept and text not in usual), None)
            if found is not None:
                said = f"{_name(evidence, call)} sends {shown(found, 90)!r}, of a reply that broke off, as what the model had said"
                yield self._violation(evidence, "partial text", said, "partial text", call, found)
                return

    def _violation(
        self, evidence: Evidence, subject: str, reason: str, about: str, call: Call, after: object
    ) -> Violation:
        return Violation(
            oracle=self.name,
            subject=subject,
            reason=reason,
            advice=_ADVICE[about],
            call_seq=None if _is_probe(evidence, call) else call.seq,
            after=after,
        )


def _asked(evidence: Evidence) -> tuple[Call, ...]:
    return (*evidence.trace.calls, *evidence.trace.probed)


def _name(evidence: Evidence, call: Call) -> str:
    return "the user's next message" if _is_probe(evidence, call) else f"turn {call.turn}"


def _is_probe(evidence: Evidence, call: Call) -> bool:
    # By identity: the probe's request may equal one of the run, word for word.
    return any(call is one for one in evidence.trace.probed)


def _broken_texts(evidence: Evidence) -> Iterator[str]:
    """What replies had said when a fault broke them off."""
    for call in evidence.trace.calls:
        turn, recorded = served_turn(call), recorded_turn(call)
        if turn is None or recorded is None or not call.fired or not turn.text.strip():
            continue
        delivered = evidence.trace.deliveries.get(call.seq)
        broke = delivered is not None and delivered.outcome in ("aborted", "timeout")
        # A reply cut by the token limit says so itself: what an agent keeps of it, it keeps knowingly.
        ended_early = recorded.complete and not turn.complete and turn.stop is None
        if broke or ended_early or turn.error is not None:
            yield turn.text.strip()


def _lost_turn(evidence: Evidence, call: Call) -> Answer | None:
    """The first turn that answered as in the clean run, of which that still tells the model there, and this run does not; where
    this one has an earlier turn, and so goes on with the conversation, or the turn's question and not its answer."""
    trace, prompt = evidence.trace, prompt_of_call(call)
    asked = evidence.clean.probed if _is_probe(evidence, call) else evidence.clean.calls
    usual = next((one for one in asked if one.turn == call.turn), None)
    if prompt is None or prompt.previous or usual is None:
        return None
    asked_now = _input(evidence, call)
    # The question of the turn itself may be one that was asked before, as a probe's always is.
    now, before = (
        "".join("\n".join(told(one)).rpartition(asked_now)[::2]) if asked_now else "\n".join(told(one))
        for one in (call, usual)
    )
    went_well = _went_well(evidence)
    whole = [one for one in trace.answers if one.turn < call.turn and one.turn in went_well and one.input]
    kept = [one.turn for one in whole if one.input in now]
    lost = (
        one
        for one in whole
        if one.input in before
        and one.turn not in kept
        and not _is_stood_in(trace, one)
        and not _has_less_room(evidence, call, usual, one)
    )
    if gone := next((one for one in lost if kept and one.turn > kept[0]), None):
        return gone
    # Anywhere in the request: an agent may keep it with a note of its own, or in one text with the rest.
    said, usually = "\n".join([now, *_assistant_texts(call)]), _assistant_texts(usual)
    # The reply of an attempt that was made elsewhere is easily left out: its question stands there, and no answer to it.
    unanswered = (one for one in whole if one.turn in kept and one.text in usually)
    return next((one for one in unanswered if one.text not in said), None)


def _went_well(evidence: Evidence) -> set[int]:
    """The turns that no fault struck, and those that answered as ever all the same."""
    trace = evidence.trace
    hit: tuple[Call | ToolRun, ...] = (*trace.calls, *trace.tools)
    struck = {one.turn for one in hit if one.fired}
    usual = {one.turn: one.text for one in evidence.clean.answers}
    return {one.turn for one in trace.answers if one.turn not in struck or one.text == usual.get(one.turn)}


def _input(evidence: Evidence, call: Call) -> str:
    """What the user says in a call's turn; in a probe, what was said last."""
    answers = [one for one in evidence.clean.answers if one.turn == call.turn or _is_probe(evidence, call)]
    return answers[-1].input if answers else ""


def _is_stood_in(trace: Trace, answer: Answer) -> bool:
    """Whether a turn had a reply that was recorded for another request: what it would have been, nobody knows."""
    return any(call.turn == answer.turn and not call.fidelity.full for call in trace.calls)


def _has_less_room(evidence: Evidence, call: Call, usual: Call, gone: Answer) -> bool:
    """Whether more was said than usual, or the history would be longer with that turn: one with a budget may lack it then."""
    said, usually = (
        sum(len(one.input) + len(one.text) for one in trace.answers if one.turn < call.turn)
        for trace in (evidence.trace, evidence.clean)
    )
    now, before = (sum(map(len, [*told(one), *_assistant_texts(one)])) for one in (call, usual))
    return said > usually or now + len(gone.input) + len(gone.text) > before


def _assistant_texts(call: Call) -> list[str]:
    prompt = prompt_of_call(call)
    messages: tuple[Message, ...] = prompt.messages if prompt else ()
    said = (
        "".join(part.text for part in message.parts if isinstance(part, Text))
        for message in messages
        if message.role == "assistant"
    )
    return [text.strip() for text in said if text.strip()]


ORACLE = HistoryPoisoning()
