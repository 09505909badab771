"""One failure for people: what went wrong, the smallest plan, the timeline, before and after, and how to run it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from agent_chaos.chaos.constructors import spell
from agent_chaos.report import difference
from agent_chaos.report.difference import Pair
from agent_chaos.report.printable import count, printable
from agent_chaos.report.timeline import Line, models, timeline
from agent_chaos.report.wire_words import EFFECTS
from agent_chaos.search.campaign import Failure, Finding
from agent_chaos.trace.trace import Call, ToolRun, Trace

SIDE_BY_SIDE = 100
"""Columns from which before and after stand beside each other."""

_TONES = {"plain": "", "fault": "bold yellow", "finding": "bold red", "quiet": "dim"}
_MARKS = {"": "", "fault": "▲", "finding": "✗"}


def view(finding: Finding, clean: Trace, width: int) -> Iterator[RenderableType]:
    """The parts of the report of one failure, top to bottom, for a terminal of that many columns."""
    trace, failure = finding.outcome.trace, finding.failure
    yield Text()
    yield _title(failure)
    yield Text()
    yield _indented(_facts(failure))
    yield Text()
    yield _heading("Timeline", ", ".join(models(trace)) + "; virtual time")
    yield _indented(_timeline(trace, _pointed(failure)))
    for heading, note, pairs in _changes(finding, clean):
        yield Text()
        yield _heading(heading, note)
        yield _indented(_pairs(pairs, width))
    yield Text()
    yield _heading("Run it again", f"seed {failure.seed}, seen in {count(failure.runs_seen, 'example')}")
    yield from (_code(line) for line in _again(failure))


def _title(failure: Failure) -> RenderableType:
    title = Text.assemble(
        (f"{failure.id}", "bold red"),
        "  ",
        (printable(failure.violation.oracle.replace("_", " ")), "bold"),
        f": {printable(failure.violation.subject)}",
    )
    return Rule(title, align="left", style="red")


def _facts(failure: Failure) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="dim", min_width=6)
    table.add_column(overflow="fold")
    table.add_row("Wrong", Text(printable(failure.violation.reason), "bold"))
    table.add_row("Advice", Text(printable(failure.violation.advice)))
    for index, placed in enumerate(failure.plan.faults):
        table.add_row("Plan" if index == 0 else "", Text(printable(str(placed)), "bold yellow"))
    table.add_row("", Text(smallness(failure), "dim"))
    return table


def smallness(failure: Failure) -> str:
    """Whether the plan is known to be the smallest, and what that took."""
    checks = count(failure.checks, "check")
    if failure.smallest:
        return f"smallest: removing or softening any part makes it pass ({checks})"
    return f"smallest found so far ({checks})" if failure.checks else "smallest found so far"


def _pointed(failure: Failure) -> frozenset[int]:
    seqs = (failure.violation.call_seq, failure.violation.tool_seq)
    return frozenset(seq for seq in seqs if seq is not None)


def _timeline(trace: Trace, pointed: frozenset[int]) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True, width=1, style="bold yellow")
    table.add_column(no_wrap=True, justify="right", style="dim")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    for row in timeline(trace, finding_seqs=pointed):
        table.add_row(
            Text(_MARKS[row.mark], _TONES[row.mark] if row.mark else ""),
            Text(_clock(row.at)),
            Text(f" {row.who} "),
            _lines(row.lines),
        )
    return table


def _clock(at: float | None) -> str:
    return "" if at is None else f"{at:,.2f} s"


def _lines(lines: Sequence[Line]) -> Text:
    return Text("\n").join(Text(line.text, _TONES[line.tone]) for line in lines)


def _changes(finding: Finding, clean: Trace) -> Iterator[tuple[str, str, Sequence[Pair]]]:
    """Before and after: of each faulted call and tool, of the tool call found at fault, of what the oracle compared."""
    trace, violation = finding.outcome.trace, finding.failure.violation
    for entry in trace.entries:
        if isinstance(entry, Call) and entry.fired and (pairs := difference.of_call(entry)):
            yield f"Call {entry.call}", "what came back", pairs
        if isinstance(entry, ToolRun) and entry.fired:
            yield f"Tool {printable(entry.name)}", "what it gave", difference.of_tool(entry, clean)
    run = next((run for run in trace.tools if run.seq == violation.tool_seq), None)
    if run is not None:
        yield "Tool call", EFFECTS[run.effect], (difference.of_arguments(run, clean),)
    elif violation.before is not None or violation.after is not None:
        yield "Compared", "", (difference.of_values(violation.before, violation.after),)


def _pairs(pairs: Sequence[Pair], width: int) -> Table:
    return _beside(pairs) if width >= SIDE_BY_SIDE else _stacked(pairs)


def _beside(pairs: Sequence[Pair]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="dim", max_width=24)
    table.add_column(overflow="fold", ratio=1)
    table.add_column(overflow="fold", ratio=1)
    table.add_row("", Text("recorded", "dim"), Text("as run", "dim"))
    for one in pairs:
        table.add_row(
            one.label, _marked(one.recorded, one.same, "green"), _marked(one.as_run, one.same, "red")
        )
    return table


def _stacked(pairs: Sequence[Pair]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold", ratio=1)
    for one in pairs:
        if len(pairs) > 1:
            table.add_row(Text(one.label, "default"), "")
        table.add_row("  recorded", _marked(one.recorded, one.same, "green"))
        table.add_row("  as run", _marked(one.as_run, one.same, "red"))
    return table


def _marked(text: str, same: int, style: str) -> Text:
    return Text.assemble(text[:same], (text[same:], f"bold {style}"))


def _again(failure: Failure) -> Iterator[str]:
    yield spell(failure.plan)
    yield f"Reproduce with: agent-chaos replay {failure.id}"
    yield f"Pytest test: agent-chaos export {failure.id}"


def _heading(title: str, note: str) -> RenderableType:
    return _indented(Text.assemble((title, "bold"), (f"  {note}" if note else "", "dim")))


def _indented(what: RenderableType) -> RenderableType:
    return Padding(what, (0, 0, 0, 2), expand=False)


def _code(line: str) -> Text:
    """A line to copy: never wrapped by us, so that it pastes whole."""
    return Text(f"  {printable(line)}", no_wrap=True, overflow="ignore")
