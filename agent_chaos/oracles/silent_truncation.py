"""What a truncated reply had said is used as if that were all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agent_chaos.oracles.oracle import Evidence, Gravity, Severity, Undecided, Violation
from agent_chaos.oracles.reading.cut_lists import runs_left_out
from agent_chaos.oracles.reading.marks import adds_words, answers_otherwise, is_marked, says_more
from agent_chaos.oracles.reading.prompts import LONG_ENOUGH, is_again, is_unreadable, told, was_continued
from agent_chaos.oracles.reading.turns import (
    clean_answer,
    in_one_line,
    is_truncated,
    recorded_text,
    recorded_turn,
    refusal_of,
    served_turn,
    shown,
)
from agent_chaos.providers.protocol import WireProtocol
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Answer, Call, ToolRun, Trace

_ADVICE = {
    "answer": "Check that the reply is complete before using its text: the stream's terminator arrived and the stop reason is not "
    "the token limit; otherwise ask again or say that the answer is cut.",
    "tool": "Read values out of a reply only once it is complete: the stream's terminator arrived and the stop reason is not the "
    "token limit; a parser that mends JSON hides that it was cut.",
    "prompt": "Check a summary before it takes the place of what it sums up: where it is cut, empty or refused, keep the messages.",
}
_WHY = {
    "length": "the token limit was hit",
    "pause": "the model had paused",
    "filter": "a filter broke the reply off",
    "other": "the model broke the reply off",
}


class SilentTruncation:
    """A reply lost its terminator, or hit the token limit, where the recorded one had not; nothing asked again, and what it
    had said so far was used, however: in an answer, of this turn or kept for a later one, that differs from the clean one and
    adds no word or sign of its own to say so; or (cut, empty or refused) in the arguments of a tool that were read out of its
    text, or left out with what the cut took, or in place of the whole in a later prompt, as a summary of the conversation.

    Source: pydantic-ai#6610, opencode#26170, crewAI#5148, griptape#2333, langchain#38867, #39261.
    """

    name = "silent_truncation"
    headline = "A cut reply passes for a whole one"
    needs = Fidelity.PROVIDER
    gravity = Gravity.UNTRUE_ANSWER
    severity: Severity = "error"
    timed = False

    def judge(self, evidence: Evidence) -> Iterable[Violation | Undecided]:
        """At most one violation per turn's answer, per tool, and one about prompts."""
        if not evidence.trace.fired:
            return
        for answer in evidence.trace.answers:
            yield from self._answer(evidence, answer)
        yield from self._tools(evidence)
        yield from self._prompts(evidence)

    def _answer(self, evidence: Evidence, answer: Answer) -> Iterator[Violation]:
        clean = clean_answer(evidence, answer.turn)
        cut = [call for call in evidence.trace.calls if call.turn == answer.turn and is_truncated(call)]
        said = _said_in(evidence.trace, answer.turn)
        for call in cut:
            served = served_turn(call)
            if clean is None or served is None or not served.text.strip() or _asked_on(evidence.trace, call):
                continue
            if answers_otherwise(answer, clean) and not is_marked(answer, clean, said):
                told = answer.text if answer.text.strip() else answer.value
                reason = f"turn {answer.turn} still answered {shown(told, 90)!r} as if that were all"
                yield self._violation("answer", "answer", call, reason, clean.text, answer.text)
                return
        yield from self._refused(evidence, answer)
        yield from self._left_out(evidence, answer)
        yield from self._kept(evidence, answer)

    def _refused(self, evidence: Evidence, answer: Answer) -> Iterator[Violation]:
        """A turn that answers with the words of a refusal, alone or in the place of what was wanted."""
        clean = clean_answer(evidence, answer.turn)
        mine = [call for call in evidence.trace.calls if call.turn == answer.turn]
        for call in mine if clean is not None else ():
            words = refusal_of(call)
            # Who looks into a field that only refusals have knows what it gives to the user.
            knowingly = call.wire is None or (_is_apart(call.wire) and answer.text.strip() == words)
            if clean is None or not words or knowingly or _asked_on(evidence.trace, call):
                continue
            said = [*_said_in(evidence.trace, answer.turn), words]
            given = words in answer.text or words in shown(answer.value, 100_000)
            if given and not is_marked(answer, clean, said):
                reason = f"turn {answer.turn} gave {shown(words, 90)!r} for the answer"
                yield self._violation("answer", "answer", call, reason, clean.text, answer.text)
                return

    def _left_out(self, evidence: Evidence, answer: Answer) -> Iterator[Violation]:
        """A turn that did something for a part of a list only, and answers as ever."""
        clean = clean_answer(evidence, answer.turn)
        if clean is None or is_marked(answer, clean, _said_in(evidence.trace, answer.turn)):
            return
        for call in evidence.trace.calls:
            gone = runs_left_out(evidence, call) if call.turn == answer.turn else []
            if gone and not _asked_on_for(evidence.trace, call):
                first = gone[0]
                reason = f"{first.name} did not run with {shown(first.arguments)}, of which turn {answer.turn} says nothing"
                yield self._violation(first.name, "tool", call, reason, first.arguments, None)
                return

    def _kept(self, evidence: Evidence, answer: Answer) -> Iterator[Violation]:
        """A turn that answers with what an earlier reply had said so far: of another turn, or before it asked for more."""
        clean = clean_answer(evidence, answer.turn)
        for call in evidence.trace.calls if clean is not None else ():
            if call.turn > answer.turn or not is_truncated(call) or was_continued(evidence.trace, call):
                continue
            served, whole = served_turn(call), recorded_text(call).strip()
            partial = served.text.strip() if served is not None else ""
            if clean is None or len(partial) < LONG_ENOUGH or whole not in clean.text:
                continue
            # Where a later reply says it, too, that is what the answer was made of.
            if any(partial in said for said in _texts(_after(evidence.trace, call))):
                continue
            # Only in place of the whole: a user may be told again what broke off, before it.
            kept = partial in answer.text and whole not in answer.text
            if kept and not is_marked(answer, clean, [partial]):
                since = ", kept since then," if call.turn < answer.turn else ""
                told = shown(answer.text, 90)
                reason = f"turn {answer.turn} still answered {told!r}{since} as if that were all"
                yield self._violation("answer", "answer", call, reason, clean.text, answer.text)
                return

    def _tools(self, evidence: Evidence) -> Iterator[Violation]:
        seen: set[str] = set()
        for call in evidence.trace.calls:
            if not (is_truncated(call) or _spoiled(call)):
                continue
            served = served_turn(call)
            asked = {one.name for one in served.tool_calls} if served else set()
            words = [served.text, refusal_of(call)] if served else []
            for run in evidence.trace.tools:
                usual = _usual_runs(evidence.clean, run)
                # A tool that the reply itself calls is judged by `unfinished_tool_call`.
                if run.name in asked | seen or not usual or not _reads(evidence, call, run, usual[0]):
                    continue
                given = [one.arguments for one in usual]
                if run.arguments not in given and not says_more(run.arguments, given, words):
                    seen.add(run.name)
                    reason = f"{run.name} ran with {shown(run.arguments)}, read out of what had come"
                    yield self._violation(run.name, "tool", call, reason, given[0], run.arguments, run.seq)

    def _prompts(self, evidence: Evidence) -> Iterator[Violation]:
        for call in evidence.trace.calls:
            recorded, served = recorded_turn(call), served_turn(call)
            if recorded is None or served is None or not _spoiled(call):
                continue
            whole, partial = recorded.text.strip(), served.text.strip() or refusal_of(call)
            # A shorter text may stand in any prompt by chance.
            if len(whole) >= LONG_ENOUGH and (found := _fed(evidence, call, whole, partial)):
                later, before, after = found
                reason = f"call {later.call} was told {shown(partial, 90)!r} in its place"
                yield self._violation("prompt", "prompt", call, reason, before, after)
                return

    def _violation(
        self,
        subject: str,
        about: str,
        call: Call,
        reason: str,
        before: object,
        after: object,
        tool_seq: int | None = None,
    ) -> Violation:
        return Violation(
            oracle=self.name,
            subject=subject,
            reason=f"{_why(call)} at call {call.call}, and {reason}",
            advice=_ADVICE[about],
            call_seq=call.seq,
            tool_seq=tool_seq,
            before=before,
            after=after,
        )


def _is_apart(wire: WireProtocol) -> bool:
    """Whether an API keeps the words of a refusal in a field of their own."""
    how = wire.specifics.worded_refusal
    return how is not None and how.apart


def _why(call: Call) -> str:
    served = served_turn(call)
    if refusal_of(call):
        return "the model had refused"
    if served is None or served.error is not None:
        return "the reply said that it had failed"
    if not served.text.strip():
        return "the model had refused" if served.stop == "filter" else "the reply was empty"
    return _WHY.get(served.stop or "", "the stream ended early")


def _asked_on(trace: Trace, call: Call) -> bool:
    """Whether anything was asked in the same turn once the reply had come; calls beside it were under way before."""
    delivered = trace.deliveries.get(call.seq)
    # By the end of the delivery: a request sent while the reply still came cannot be a reaction to its end.
    ended = delivered.seq if delivered is not None else call.seq
    return any(
        other.turn == call.turn and (other.seq > ended or is_again(other, call))
        for other in _after(trace, call)
    )


def _after(trace: Trace, call: Call) -> Iterator[Call]:
    return (other for other in trace.calls if other.seq > call.seq)


def _said_in(trace: Trace, turn: int) -> list[str]:
    """What models said in a turn."""
    return _texts(call for call in trace.calls if call.turn == turn)


def _texts(calls: Iterable[Call]) -> list[str]:
    """What models said in calls, as far as it can be read."""
    said = map(served_turn, calls)
    return [one.text for one in said if one is not None]


def _reads(evidence: Evidence, call: Call, run: ToolRun, usual: ToolRun) -> bool:
    """Whether a tool's arguments are made of a reply: it is the last before the run, or they usually hold what it says."""
    if run.after == call.seq:
        return True
    whole = recorded_text(call).strip()
    if run.seq < call.seq or len(whole) < LONG_ENOUGH or _asked_on_for(evidence.trace, call):
        return False
    return whole in shown(usual.arguments, 100_000) and whole not in shown(run.arguments, 100_000)


def _asked_on_for(trace: Trace, call: Call) -> bool:
    return any(is_again(other, call) for other in _after(trace, call))


def _usual_runs(clean: Trace, run: ToolRun) -> list[ToolRun]:
    return [one for one in clean.tools if one.name == run.name and one.turn == run.turn]


def _spoiled(call: Call) -> bool:
    """Whether a fault cut, emptied or refused what the model had said."""
    served = served_turn(call)
    if not call.fired or served is None or is_unreadable(call):
        return False
    return is_truncated(call) or not served.text.strip() or served.stop == "filter"


def _fed(evidence: Evidence, call: Call, whole: str, partial: str) -> tuple[Call, str, str] | None:
    """The first later request in whose prompt the partial text stands where the clean run has the whole one."""
    usual = [text for one in evidence.clean.calls for text in told(one) if whole in text]
    for later in _after(evidence.trace, call) if usual else ():
        for text in told(later):
            for before in usual:
                # The clean run's prompt with the partial text put in: if the agent sent this, it took the
                # part for the whole.
                frame = before.replace(whole, partial)
                if in_one_line(text) == in_one_line(frame) or (
                    partial
                    and partial in text
                    and whole not in text
                    and not adds_words(text, [before, partial])
                ):
                    return later, before, text
    return None


ORACLE = SilentTruncation()
