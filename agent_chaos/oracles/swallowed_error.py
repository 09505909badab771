"""An error was swallowed, and something older or made up stands in the place of what failed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from agent_chaos.oracles.oracle import Evidence, Gravity, Severity, Undecided, Violation
from agent_chaos.oracles.reading.dropped_calls import left_undone, passed_over
from agent_chaos.oracles.reading.error_texts import error_texts
from agent_chaos.oracles.reading.marks import adds_words, flags_more, is_marked
from agent_chaos.oracles.reading.prompts import failed_for_good, left_out
from agent_chaos.oracles.reading.tool_reports import (
    asking,
    is_empty,
    quotes,
    says_nothing,
    tail_parts,
    told_of,
    unsupported_figure,
    was_compensated,
)
from agent_chaos.oracles.reading.turns import (
    clean_answer,
    failed,
    in_one_line,
    last_call_of_turn,
    recorded_text,
    served_turn,
    shown,
)
from agent_chaos.providers.turn import ToolResult
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Answer, Call, ToolRun, Trace

_ADVICE = {
    "answer": "Raise where the last reply of a turn failed, or say so in the answer; what the model said before it is not "
    "the answer.",
    "error text": "Raise where a call fails, or say so in words of your own: whoever reads the answer, or goes on with it, takes "
    "the provider's error for what the model said.",
    "prompt": "Where a call of several failed for good, say so in what the next one is told, and in the answer, or raise.",
    "tool call": "Give the model an error result for a tool call that cannot be run, or ask again; a turn does not end with it.",
    "tool": "Tell the model that the tool failed: an error result in words of your own, never the words of success.",
    "empty": "Look at what a tool gave before telling that it succeeded: an empty result confirms nothing.",
}
_WORDS_ENOUGH = 4
"""A shorter text of the model may stand in an answer by chance."""


class SwallowedError:
    """The last model call of a turn failed for good, or asked for a tool that was not run, and the turn returned, as its
    answer, what the model had said on the way there; or it returned what the provider says of the failure, with no word of its
    own. One of several calls failed for good, and the next is asked without its
    part. A tool call that could not be read was left out of what the model
    is told, or told as done. Or a tool failed before it did anything, and the model, or the user, is told what they are told
    when it succeeds, or nothing.

    For a tool that gave an empty result in place of its own, words of success are a warning, and what only its result
    could have told is an error; what the model makes of an empty result shows only where that is recorded, too
    (`record --continue`): then a figure that nothing had told it is an error. An answer in the agent's own
    words is taken for one that tells of the failure, and an empty one is `empty_answer`'s.
    Source: langchain#39039, #33504, deepagents#4662, litellm#29223, hermes-agent#112419.
    """

    name = "swallowed_error"
    headline = "An error is swallowed, and the answer does not say so"
    needs = Fidelity.PROVIDER
    gravity = Gravity.UNTRUE_ANSWER
    severity: Severity = "error"
    timed = False

    def judge(self, evidence: Evidence) -> Iterable[Violation | Undecided]:
        """At most one violation per turn, one about tool calls that were dropped, and one per tool."""
        if not evidence.trace.fired:
            return
        for answer in evidence.trace.answers:
            yield from self._answer(evidence, answer)
        yield from self._dropped(evidence)
        yield from self._tools(evidence)

    def _answer(self, evidence: Evidence, answer: Answer) -> Iterator[Violation]:
        call = last_call_of_turn(evidence.trace, answer.turn)
        clean = clean_answer(evidence, answer.turn)
        # Before the others: of several calls made side by side the last one may have succeeded, and would
        # hide the lost one.
        if clean is not None and (missing := _left_out(evidence.trace, answer, clean)) is not None:
            what = shown(recorded_text(missing), 60)
            why = f"call {missing.call} failed, and turn {answer.turn} answered without what it had to say, {what!r}, and no word of that"
            yield self._violation("answer", why, "answer", call=missing, before=clean.text, after=answer.text)
            return
        if clean is not None and (gap := left_out(evidence, answer.turn)) is not None:
            said = [turn.text for turn in map(served_turn, evidence.trace.calls) if turn is not None]
            # An answer in words of the agent's own is taken for one that tells of the gap: nobody can say
            # otherwise without reading it.
            if not is_marked(answer, clean, said):
                yield self._gap(evidence.trace, *gap)
                return
        if clean is not None and (told := _errors_words(evidence.trace, answer, clean)) is not None:
            lost, words = told
            why = f"call {lost.call} failed, and turn {answer.turn} gave the provider's own words for that, {shown(words, 90)!r}, for the answer"
            yield self._violation(
                "answer", why, "error text", call=lost, before=clean.text, after=answer.text
            )
            return
        if call is None or clean is None or not _says_no_more(evidence.trace, call, answer, clean):
            return
        answered, before = f"turn {answer.turn} answered {shown(answer.text, 90)!r}", clean.text
        asked = left_undone(evidence, call)
        if failed(evidence.trace, call):
            why = f"call {call.call} failed, and {answered}, which the model had said before it"
            yield self._violation("answer", why, "answer", call=call, before=before, after=answer.text)
        elif asked is not None:
            why = f"the model asked for {asked.name} at call {call.call}, nothing was run, and {answered}, said beside it"
            yield self._violation("tool call", why, "tool call", call=call, before=before, after=answer.text)

    def _gap(self, trace: Trace, lost: Call, later: Call) -> Violation:
        what = shown(recorded_text(lost), 60)
        how = "failed" if failed_for_good(trace, lost) else "gave no whole reply"
        why = f"call {lost.call} {how}, and call {later.call} was asked without what it had to say, {what!r}, and no word of that"
        return self._violation("prompt", why, "prompt", call=lost)

    def _dropped(self, evidence: Evidence) -> Iterator[Violation]:
        passed = ((call, passed_over(evidence, call)) for call in evidence.trace.calls)
        call, found = next((one for one in passed if one[1] is not None), (None, None))
        if call is not None and found is not None:
            asked, told = found
            given = shown(asked.arguments, 90)
            heard = (
                f"was told {shown(told, 90)!r}"
                if told is not None
                else "was told the results of its other calls only"
            )
            why = f"{asked.name} was not run with {given!r} of call {call.call}, and the model {heard}"
            yield self._violation("tool call", why, "tool call", call=call, after=told)

    def _tools(self, evidence: Evidence) -> Iterator[Violation]:
        # As text, since arguments may be lists and objects, which are no keys.
        clean = {(run.name, repr(run.arguments)): run for run in evidence.clean.tools if not run.end.failed}
        seen: set[str] = set()
        for run in evidence.trace.tools:
            # Only a run that the clean one has with equal arguments: of any other nobody knows what it
            # would have given.
            usual = clean.get((run.name, repr(run.arguments)))
            if (
                usual is None
                or run.name in seen
                or not _gave_nothing(run, usual)
                or was_compensated(evidence.trace, run)
            ):
                continue
            heard, made_up = _heard(evidence, run, usual), _made_up(evidence, run, usual)
            if told := heard or made_up:
                seen.add(run.name)
                yield self._tool(run, usual, *told, grave=not run.landed or heard is None)

    def _tool(self, run: ToolRun, usual: ToolRun, who: str, words: str, *, grave: bool) -> Violation:
        failed = not run.landed
        return self._violation(
            run.name,
            f"{run.name} {_ended(run)}{' before it did anything' if failed else ''}, and {who} {shown(words, 90)!r}",
            "tool" if failed else "empty",
            # An agent that repeats figures which nothing gave it has made them up, whatever its words.
            severity="error" if grave or quotes(words, usual.end.result, run.arguments) else "warning",
            tool_seq=run.seq,
            before=usual.end.result,
            after=words,
        )

    def _violation(
        self, subject: str, reason: str, about: str, *, call: Call | None = None, **more: Any
    ) -> Violation:
        seq = {"call_seq": call.seq} if call else {}
        return Violation(
            oracle=self.name, subject=subject, reason=reason, advice=_ADVICE[about], **seq, **more
        )


def _left_out(trace: Trace, answer: Answer, clean: Answer) -> Call | None:
    """The first call of a turn that failed for good and whose part the clean answer has, where the answer only lacks it."""
    if not answer.text.strip():
        return None
    mine = [call for call in trace.calls if call.turn == answer.turn]
    # What the agent asked in place of the failed call was never recorded: nobody knows what the answer would have said.
    if any(call.fidelity > Fidelity.PROVIDER for call in mine):
        return None
    said = [turn.text for turn in map(served_turn, mine) if turn is not None]
    for call in mine:
        part = recorded_text(call).strip()
        wanted = len(part) >= _WORDS_ENOUGH and part in clean.text and part not in answer.text
        if wanted and failed_for_good(trace, call) and not is_marked(answer, clean, said):
            return call
    return None


def _errors_words(trace: Trace, answer: Answer, clean: Answer) -> tuple[Call, str] | None:
    """The call of a turn that failed for good and the words of its error, where the answer has those and none of its own."""
    for call in trace.calls:
        words = error_texts(call) if call.turn == answer.turn and failed_for_good(trace, call) else []
        quoted = [one for one in words if one in answer.text]
        if quoted and _says_only(quoted, answer, clean):
            return call, quoted[0]
    return None


def _says_only(quoted: list[str], answer: Answer, clean: Answer) -> bool:
    """Whether an answer is the clean one with those texts in place of others: no other word, no other field or value."""
    left = answer.text
    for one in quoted:
        left = left.replace(one, "")
    if isinstance(answer.value, dict) and isinstance(clean.value, dict):
        others = {name: value for name, value in answer.value.items() if value not in quoted}
        return set(answer.value) <= set(clean.value) and others.items() <= clean.value.items()
    return not isinstance(answer.value, dict) and not adds_words(left, [clean.text])


def _says_no_more(trace: Trace, last: Call, answer: Answer, clean: Answer) -> bool:
    """Whether a turn answered otherwise than the clean one, with nothing but what the model had said; not where a field
    beside the text differs, too."""
    if (
        not answer.text.strip()
        or in_one_line(answer.text) == in_one_line(clean.text)
        or flags_more(answer, clean, [answer.text])
    ):
        return False
    # Not what a failed reply had said: an agent that answers with half a reply is `silent_truncation`'s.
    heard = [call for call in trace.calls if call.seq <= last.seq and not failed(trace, call)]
    said = {in_one_line(turn.text) for turn in map(served_turn, heard) if turn is not None}
    left = in_one_line(answer.text)
    # The longest first: a shorter one may stand within it.
    for text in sorted(said, key=len, reverse=True):
        left = left.replace(text, "") if len(text) >= _WORDS_ENOUGH or text == left else left
    # Signs and spaces between what models said are not the agent's own words.
    return not re.search(r"\w", left)


def _ended(run: ToolRun) -> str:
    if run.end.failed:
        return f"raised {run.end.error_type}"
    return "gave an empty result" if is_empty(run.end.result) else f"gave {shown(run.end.result, 90)}"


def _gave_nothing(run: ToolRun, usual: ToolRun) -> bool:
    """Whether a fault kept a tool from doing anything, or gave an empty result for its own."""
    empty = not run.end.failed and is_empty(run.end.result) and not is_empty(usual.end.result)
    return bool(run.fired) and (not run.landed or empty)


def _heard(evidence: Evidence, run: ToolRun, usual: ToolRun) -> tuple[str, str] | None:
    """Who is told words of success for a tool that gave nothing, and the words: the model, or the user where no request tells."""
    told, wanted = told_of(evidence.trace, run), told_of(evidence.clean, usual)
    if told is None:
        return _as_ever(evidence, run)
    call, result = told
    same = wanted is not None and result.content == wanted[1].content
    usually = [wanted[1].content] if wanted is not None else []
    # Words that a success has, too, in whatever language, say no more than that it was one.
    plain = says_nothing(result.content, usually) or (usually and not adds_words(result.content, usually))
    blank = plain and all(isinstance(part, ToolResult) for part in tail_parts(call))
    # A tool that landed may well give nothing; only one that did nothing makes a blank result a lie.
    wrong = same or blank if not run.landed else same and not is_empty(result.content)
    return ("the model was told", result.content) if wrong and not result.is_error else None


def _made_up(evidence: Evidence, run: ToolRun, usual: ToolRun) -> tuple[str, str] | None:
    """The answer with a figure that only the tool's usual result holds; where every request has its recorded answer."""
    answer = next((one for one in evidence.trace.answers if one.turn == run.turn), None)
    if answer is None or evidence.trace.left_at is not None:
        return None
    figure = unsupported_figure(evidence.trace, run, usual.end.result, answer)
    return (
        (f"turn {answer.turn} answered with {figure}, which nothing had told it:", answer.text)
        if figure
        else None
    )


def _as_ever(evidence: Evidence, run: ToolRun) -> tuple[str, str] | None:
    """The answer of a turn that asked and answered as in the clean run, after a tool that a model had asked for."""
    answer = next((one for one in evidence.trace.answers if one.turn == run.turn), None)
    clean = clean_answer(evidence, run.turn)
    later = [call for call in evidence.trace.calls if call.seq > run.seq and call.turn == run.turn]
    if answer is None or clean is None or not asking(evidence.trace, run):
        return None
    usual = all(call.fidelity.full and not call.fired for call in later) and answer.text.strip()
    same = in_one_line(answer.text) == in_one_line(clean.text) and not flags_more(answer, clean)
    return (f"turn {answer.turn} answered", answer.text) if usual and same else None


ORACLE = SwallowedError()
