"""The conversation of a run beside the recorded one, as a chat: what both say stands in one row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby

from pydantic import BaseModel, ConfigDict

from agent_chaos.report.contents.difference import agreeing
from agent_chaos.report.contents.spoken import Spoken, hear, spoken_by_model, spoken_in_request, unheard
from agent_chaos.report.contents.wire_words import came_back, model_turn, tool_result_text
from agent_chaos.report.printable import call_text, clipped, printable
from agent_chaos.trace.trace import Answer, Call, Raised, ToolRun, Trace

_TEXT = 600
"""Of longer texts a part is told, that in which they differ where they do."""
_LEAD = 120
"""Characters that are told before the first difference of longer texts."""
_WHOLE, _AROUND = 12, 2
"""Of more rows in which nothing differs, so many are told at either end."""
_MOST = 24
"""Of more rows in a stretch that differs, so many are told."""


class SaidBeside(BaseModel):
    """A row of the chat. Where both sides say the same, `recorded` has it; where they differ, one of them may say nothing. A row
    that stands for several has neither, and `left_out` says how many those are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    recorded: Spoken | None = None
    as_run: Spoken | None = None
    differs: bool = False
    left_out: int = 0


def said_beside(clean: Trace, trace: Trace) -> tuple[SaidBeside, ...]:
    """What was said in the run without faults, beside what was said in this one; empty where nobody said anything."""
    return tuple(_shortened(list(_aligned(_spoken(clean), _spoken(trace)))))


def _spoken(trace: Trace) -> list[Spoken]:
    """What was said in a run, in order, each thing where it came up."""
    inputs = {one.turn: one.input for one in trace.answers} | {one.turn: one.input for one in trace.raised}
    heard: set[str] = set()
    begun: set[int] = set()
    found: list[Spoken] = []
    for entry in trace.entries:
        if not isinstance(entry, Call | ToolRun | Answer | Raised):
            continue
        if entry.turn not in begun:
            begun.add(entry.turn)
            # Told in each turn anew, also where a user says the same again.
            asked = [Spoken(who="user", what="", text=inputs[entry.turn])] if entry.turn in inputs else []
            hear(asked, heard)
            found += asked
        said = list(_said(entry))
        if isinstance(entry, Call) and entry.wire is not None:
            told = unheard(spoken_in_request(entry.wire.prompt(entry.request)), heard)
            found += [_as_sent(one) for one in told if one.who != "system"]
        hear(said, heard)
        found += said
    return found


def _as_sent(one: Spoken) -> Spoken:
    """What a request says for the first time; of words that it has for the model's, the model knows nothing."""
    if one.who != "model":
        return one
    return Spoken(who="agent", what=f"sends as the model's: {one.what}", text=one.text)


def _said(entry: Call | ToolRun | Answer | Raised) -> Iterator[Spoken]:
    match entry:
        case Call():
            turn = model_turn(entry.wire, entry.reply) if entry.reply is not None and entry.reply.ok else None
            if turn is not None:
                yield from spoken_by_model(turn)
            if turn is None or not turn.complete or not turn.parts:
                yield Spoken(who="model", what=f"call {entry.call} came back as", text=came_back(entry))
        case ToolRun():
            yield Spoken(
                who="tool", what=call_text(entry.name, entry.arguments), text=tool_result_text(entry)
            )
        case Answer():
            yield Spoken(who="agent", what="answer", text=entry.text)
        case Raised():
            yield Spoken(who="agent", what=f"raised {entry.type}", text=entry.message)


def _aligned(recorded: list[Spoken], as_run: list[Spoken]) -> Iterator[SaidBeside]:
    for kind, start, end, other_start, other_end in _opcodes(recorded, as_run):
        ours, theirs = recorded[start:end], as_run[other_start:other_end]
        if kind == "equal":
            yield from (SaidBeside(recorded=_told(one, _window(one.text, 0))) for one in ours)
        else:
            yield from _changed(ours, theirs)


def _changed(recorded: list[Spoken], as_run: list[Spoken]) -> Iterator[SaidBeside]:
    """Of a stretch that differs what is of one kind stands beside each other; what has no counterpart stands alone."""
    for kind, start, end, other_start, other_end in _opcodes(_kinds(recorded), _kinds(as_run)):
        ours, theirs = recorded[start:end], as_run[other_start:other_end]
        if kind == "equal":
            yield from (_row(one, other) for one, other in zip(ours, theirs, strict=True))
        else:
            yield from (_row(one, None) for one in ours)
            yield from (_row(None, one) for one in theirs)


def _kinds(said: list[Spoken]) -> list[tuple[str, str]]:
    # Two calls of one tool are of a kind, whatever their arguments are.
    return [(one.who, one.what.partition("(")[0]) for one in said]


def _opcodes(left: Sequence[object], right: Sequence[object]) -> list[tuple[str, int, int, int, int]]:
    # Without `autojunk`, which would take what an agent says very often (200 items and more) for noise, and
    # align the rest wrongly.
    return list(SequenceMatcher(None, left, right, autojunk=False).get_opcodes())


def _row(recorded: Spoken | None, as_run: Spoken | None) -> SaidBeside:
    left, right = _windows(recorded.text if recorded else "", as_run.text if as_run else "")
    return SaidBeside(
        recorded=recorded and _told(recorded, left),
        as_run=as_run and _told(as_run, right),
        differs=True,
    )


def _told(said: Spoken, text: str) -> Spoken:
    return Spoken(who=said.who, what=clipped(said.what, _TEXT), text=text)


def _windows(left: str, right: str) -> tuple[str, str]:
    """The same part of both, with the place where they begin to differ; both whole where they are short."""
    same = agreeing(left, right)
    start = max(0, same - _LEAD) if left != right and max(len(left), len(right)) > _TEXT else 0
    return _window(left, start), _window(right, start)


def _window(text: str, start: int) -> str:
    lines = text[start : start + _TEXT].split("\n")
    shown = "\n".join(map(printable, lines))
    return f"{'…' if start else ''}{shown}{'…' if len(text) > start + _TEXT else ''}"


def _shortened(rows: list[SaidBeside]) -> Iterator[SaidBeside]:
    for differs, group in groupby(rows, key=lambda row: row.differs):
        stretch = list(group)
        # A run that asks again and again differs in hundreds of rows, of which the first say what the others do.
        whole, first = (_MOST, _MOST - _AROUND) if differs else (_WHOLE, _AROUND)
        if len(stretch) <= whole:
            yield from stretch
        else:
            yield from stretch[:first]
            yield SaidBeside(differs=differs, left_out=len(stretch) - first - _AROUND)
            yield from stretch[-_AROUND:]
