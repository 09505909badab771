"""An error was swallowed, and something older or made up stands in the place of what failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agent_chaos.core.trace import Answer, Call, ToolRun, Trace
from agent_chaos.oracles.oracle import Evidence, Undecided, Violation
from agent_chaos.oracles.reading import clean_answer, last_call_of_turn, served_turn, shown
from agent_chaos.providers.protocol import ToolResult

_ADVICE = {
    "answer": "Raise where the last reply of a turn failed, or say so in the answer; what the model said before it is not "
    "the answer.",
    "tool": "Tell the model that the tool failed: an error result in words of your own, never the words of success.",
}


class SwallowedError:
    """The last model call of a turn failed for good, and the turn returned, as its answer, what the model had said on the
    way there; or a tool raised before it did anything, and the model was told what it is told when the tool succeeds.

    An answer in the agent's own words is taken for one that tells of the failure, and an empty one is `empty_answer`'s.
    Source: langchain#39039, #33504, deepagents#4662, litellm#29223, hermes-agent#112419 (§3.15).
    """

    name = "swallowed_error"

    def judge(self, evidence: Evidence) -> Iterable[Violation | Undecided]:
        """At most one violation per turn, and one per tool."""
        if not evidence.trace.fired:
            return
        for answer in evidence.trace.answers:
            yield from self._answer(evidence, answer)
        yield from self._tools(evidence)

    def _answer(self, evidence: Evidence, answer: Answer) -> Iterator[Violation]:
        call = last_call_of_turn(evidence.trace, answer.turn)
        clean = clean_answer(evidence, answer.turn)
        if call is None or clean is None or not _failed(evidence.trace, call):
            return
        text = _plain(answer.text)
        if text and text != _plain(clean.text) and text in _said_before(evidence.trace, call):
            yield Violation(
                oracle=self.name,
                subject="answer",
                reason=f"call {call.call} failed, and turn {answer.turn} answered {shown(answer.text, 90)!r}, which the "
                "model had said before it",
                advice=_ADVICE["answer"],
                call_seq=call.seq,
                before=clean.text,
                after=answer.text,
            )

    def _tools(self, evidence: Evidence) -> Iterator[Violation]:
        clean = {(run.name, repr(run.arguments)): run for run in evidence.clean.tools}
        seen: set[str] = set()
        for run in evidence.trace.tools:
            usual = clean.get((run.name, repr(run.arguments)))
            if not _failed_for_good(evidence.trace, run) or usual is None or usual.error_type:
                continue
            told, wanted = _told(evidence.trace, run), _told(evidence.clean, usual)
            if told and told == wanted and run.name not in seen:
                seen.add(run.name)
                yield Violation(
                    oracle=self.name,
                    subject=run.name,
                    reason=f"{run.name} raised {run.error_type} before it did anything, and the model was told {shown(told, 90)!r}",
                    advice=_ADVICE["tool"],
                    tool_seq=run.seq,
                    before=usual.result,
                    after=told,
                )


def _failed(trace: Trace, call: Call) -> bool:
    """Whether a fault made a call fail for good: an error status, an error in its body, or a transfer that broke."""
    if not call.fired or call.reply is None:
        return False
    turn, delivered = served_turn(call), trace.deliveries.get(call.seq)
    broke = delivered is not None and delivered.outcome in ("aborted", "timeout")
    return turn is None or turn.error is not None or broke


def _failed_for_good(trace: Trace, run: ToolRun) -> bool:
    """Whether a fault kept a tool from doing anything, and it was not called again with better luck."""
    again = (
        one.landed and one.arguments == run.arguments
        for one in trace.tools
        if one.name == run.name and one.seq > run.seq
    )
    return bool(run.fired and run.error_type) and not run.landed and not any(again)


def _said_before(trace: Trace, last: Call) -> set[str]:
    turns = (served_turn(call) for call in trace.calls if call.seq < last.seq)
    return {_plain(turn.text) for turn in turns if turn is not None}


def _told(trace: Trace, run: ToolRun) -> str:
    """What the next request says that a tool gave; '' where none does, or where several results could be meant."""
    for call in trace.calls:
        if call.seq > run.seq and call.wire is not None:
            parts = [part for message in call.wire.prompt(call.request).messages for part in message.parts]
            mine = [part.content for part in parts if isinstance(part, ToolResult) and part.name == run.name]
            return mine[0] if len(mine) == 1 else ""
    return ""


def _plain(text: str) -> str:
    return " ".join(text.split())


ORACLE = SwallowedError()
