"""A reply says all that was asked with more around it, and the agent goes on with something else than it says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from agent_chaos.oracles.oracle import Evidence, Gravity, Severity, Undecided, Violation
from agent_chaos.oracles.reading.marks import adds_words, flags_more, is_marked
from agent_chaos.oracles.reading.prompts import told
from agent_chaos.oracles.reading.turns import (
    clean_answer,
    in_one_line,
    last_call_of_turn,
    recorded_text,
    served_turn,
    shown,
)
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Answer, Call, ToolRun, Trace

_ADVICE = (
    "Take what was asked for out of a reply with a fence, a courtesy or a thought around it, or ask the provider for a schema; "
    "where it cannot be read, ask again or raise: a default is nothing that the model said."
)
_LONG_ENOUGH = 3
"""Characters; a shorter value may stand in any text by chance."""
_FIGURE = re.compile(r"[\d.,:/-]*")
_WORD = re.compile(r"[^\W_]+(?:[.,:/-][^\W_]+)*")


class MisreadReply:
    """A reply holds, word for word, what the recorded one says, between a Markdown fence, courtesies, thinking in tags or odd
    line ends; nothing asked again, and a value of the recorded one is gone from a tool's arguments, from the answer or from a
    later prompt, with something in its place that no reply says: a default.

    A default is a figure, or one of the words that the request had asked to choose from; any other word may well say that the
    reply was not understood. Not where what stands around it was passed on, too, and not where the agent says more than usual,
    in a word or a field of its own, or in the turn's answer. Source: langchain#35530, gbrain#2559, DeepTutor#675.
    """

    name = "misread_reply"
    headline = "A default stands for what a reply says in more words than asked"
    needs = Fidelity.MISS
    gravity = Gravity.UNTRUE_ANSWER
    severity: Severity = "error"
    timed = False

    def judge(self, evidence: Evidence) -> Iterable[Violation | Undecided]:
        """At most one violation of each kind, for the first such reply that something was made of."""
        seen: set[str] = set()
        for call in evidence.trace.calls if evidence.trace.fired else ():
            if _says_more(call) and not _asked_again(evidence.trace, call):
                for found in self._uses(evidence, call):
                    if found.subject not in seen:
                        seen.add(found.subject)
                        yield found

    def _uses(self, evidence: Evidence, call: Call) -> Iterator[Violation]:
        for run in evidence.trace.tools:
            usual = [one for one in evidence.clean.tools if (one.name, one.turn) == (run.name, run.turn)]
            if run.after == call.seq and usual and _other_arguments(evidence, call, run, usual):
                how = f"{run.name} ran with {shown(run.arguments, 90)}, not {shown(usual[0].arguments, 90)}"
                yield self._violation(run.name, how, call, usual[0].arguments, run.arguments, run.seq)
        answer = next((one for one in evidence.trace.answers if one.turn == call.turn), None)
        clean = clean_answer(evidence, call.turn)
        last = last_call_of_turn(evidence.trace, call.turn) == call
        if answer is not None and clean is not None and last and _other_answer(call, answer, clean):
            how = f"turn {answer.turn} answered {shown(answer.text, 90)!r}, not {shown(clean.text, 90)!r}"
            yield self._violation("answer", how, call, clean.text, answer.text)
        for later in evidence.trace.calls:
            if later.seq > call.seq and (pair := _other_prompt(evidence, call, later)):
                how = f"call {later.call} was told {shown(pair[1], 90)!r}, not {shown(pair[0], 90)!r}"
                yield self._violation("prompt", how, call, *pair)
                return

    def _violation(
        self, subject: str, how: str, call: Call, before: object, after: object, tool_seq: int | None = None
    ) -> Violation:
        return Violation(
            oracle=self.name,
            subject=subject,
            reason=f"call {call.call} said {shown(recorded_text(call), 60)!r} with more around it, and {how}",
            advice=_ADVICE,
            call_seq=call.seq,
            tool_seq=tool_seq,
            before=before,
            after=after,
        )


def _says_more(call: Call) -> bool:
    """Whether a whole reply holds the recorded text as it stands, but for blanks, and is not just that."""
    turn, whole = served_turn(call), recorded_text(call)
    if turn is None or not call.fired or not whole.strip() or turn.tool_calls or not turn.complete:
        return False
    return turn.text != whole and turn.stop == "end" and in_one_line(whole) in in_one_line(turn.text)


def _asked_again(trace: Trace, call: Call) -> bool:
    same = (one for one in trace.calls if one.seq > call.seq and one.site and call.site)
    return any(one.site and call.site and one.site.index == call.site.index for one in same)


def _other_arguments(evidence: Evidence, call: Call, run: ToolRun, usual: list[ToolRun]) -> bool:
    known = [leaf for one in usual for leaf in _leaves(one.arguments)]
    mine = list(_leaves(run.arguments))
    # A field of its own is the agent's word for what happened.
    if run.arguments in [one.arguments for one in usual] or _fields(run) - set().union(*map(_fields, usual)):
        return False
    gone = [leaf for leaf in known if leaf not in mine and _stands_in(leaf, recorded_text(call))]
    new = [leaf for leaf in mine if leaf not in known]
    return bool(gone) and _are_defaults(call, new) and not _is_told(evidence, call, new)


def _fields(run: ToolRun) -> set[str]:
    return set(run.arguments) if isinstance(run.arguments, dict) else set()


def _other_answer(call: Call, answer: Answer, clean: Answer) -> bool:
    whole, now = recorded_text(call), set(_WORD.findall(answer.text))
    gone = [word for word in _WORD.findall(clean.text) if word not in now and _stands_in(word, whole)]
    mine = adds_words(answer.text, [clean.text]) or flags_more(answer, clean)
    return bool(gone and answer.text.strip()) and not mine and not _is_quoted(call, answer.text)


def _other_prompt(evidence: Evidence, call: Call, later: Call) -> tuple[str, str] | None:
    """A text of the clean run's prompts, and that of a later one which has another value where the reply's should stand."""
    whole = recorded_text(call).strip()
    if len(whole) < _LONG_ENOUGH or later.fidelity.full:
        return None
    asked = [one for one in evidence.clean.calls if one.turn == later.turn]
    usual = [text for one in asked for text in told(one) if whole in text]
    for before in usual:
        around = re.compile("(.+)".join(map(re.escape, before.split(whole))), re.DOTALL)
        for text in told(later):
            found = around.fullmatch(text) if text != before else None
            new = list(found.groups()) if found else []
            wrong = new and not any(whole in one for one in new) and _are_defaults(call, new)
            if wrong and not _is_told(evidence, call, new):
                return before, text
    return None


def _are_defaults(call: Call, values: list[Any]) -> bool:
    """Whether values are figures or words that a call had named, and not of its reply."""
    named = "\n".join(told(call))
    known = (one and (_FIGURE.fullmatch(one) or one in named) for one in values if isinstance(one, str))
    return None not in values and all(known) and not any(_is_quoted(call, one) for one in values)


def _is_told(evidence: Evidence, call: Call, values: list[Any]) -> bool:
    """Whether the turn's answer has a word of its own, beside those values."""
    answer = next((one for one in evidence.trace.answers if one.turn == call.turn), None)
    clean = clean_answer(evidence, call.turn)
    said = [turn.text for turn in map(served_turn, evidence.trace.calls) if turn is not None]
    return answer is not None and clean is not None and is_marked(answer, clean, [*said, *map(str, values)])


def _stands_in(value: Any, text: str) -> bool:
    return len(str(value)) >= _LONG_ENOUGH and str(value) in text


def _is_quoted(call: Call, value: Any) -> bool:
    """Whether a value is a part of a reply, or has some of what stands around the recorded text."""
    turn = served_turn(call)
    said, mine = in_one_line(turn.text) if turn else "", in_one_line(str(value))
    if isinstance(value, int | float):
        return mine in _WORD.findall(said)
    around = said.replace(in_one_line(recorded_text(call)), " ")
    return bool(mine) and (
        mine in said or bool(set(_WORD.findall(mine)) & set(_WORD.findall(around))) or "```" in mine
    )


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _leaves(inner)
    else:
        yield value


ORACLE = MisreadReply()
