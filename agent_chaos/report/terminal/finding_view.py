"""One finding for people: the agent's line, what went wrong, the fix, the smallest plan, and the run that shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from agent_chaos.oracles.oracle import spoken
from agent_chaos.report.contents.difference import Pair
from agent_chaos.report.contents.source import CodeLine
from agent_chaos.report.document import FailureRecord, FindingRecord, TimelineRow
from agent_chaos.report.printable import count, printable

SIDE_BY_SIDE = 100
"""Columns from which before and after stand beside each other."""

_TONES = {"plain": "", "fault": "bold yellow", "finding": "bold red", "quiet": "dim"}
_MARKS = {"": "", "fault": "▲", "finding": "✗"}


def finding_view(
    finding: FindingRecord, failures: Sequence[FailureRecord], width: int
) -> Iterator[RenderableType]:
    """The parts of the report of one finding, top to bottom, for a terminal of that many columns."""
    first = failures[0]
    yield Text()
    yield _title(finding, width)
    yield Text()
    if finding.location is not None:
        yield from _source(finding.location)
        yield Text()
    yield _indented(_facts(finding, failures))
    yield Text()
    yield from _run(first, width)


def line(finding: FindingRecord) -> tuple[Text, Text]:
    """A finding in one line: its first id, and where it is and what."""
    where = f"{printable(finding.location.place)}  " if finding.location else ""
    told = Text.assemble((where, "cyan"), finding.headline, (f"  {_seen(finding)}", "dim"))
    return Text(finding.failures[0], "bold red"), told


def _seen(finding: FindingRecord) -> str:
    ways = f", {count(len(finding.failures), 'way')}" if len(finding.failures) > 1 else ""
    return f"{_in_examples(finding.examples)}{ways}"


def _in_examples(examples: int) -> str:
    # A stored failure, or one that showed itself while another was made small.
    return f"seen in {count(examples, 'example')}" if examples else "seen in none of the search's examples"


def _title(finding: FindingRecord, width: int) -> RenderableType:
    title = Text.assemble((finding.failures[0], "bold red"), "  ", (finding.headline, "bold"))
    # A rule cuts off what does not fit beside it.
    return Rule(title, align="left", style="red") if title.cell_len + 2 <= width else title


def _source(location: CodeLine) -> Iterator[RenderableType]:
    yield Text.assemble("  ", (printable(location.place), "bold cyan"), f" in {printable(location.function)}")
    if location.source:
        source = Text(printable(location.source), no_wrap=True, overflow="ellipsis")
        yield Padding(source, (0, 0, 0, 6), expand=False)


def _facts(finding: FindingRecord, failures: Sequence[FailureRecord]) -> Table:
    table = Table.grid(padding=(0, 2))
    # As wide as `Raised`, so that findings line up with and without that row.
    table.add_column(no_wrap=True, style="dim", min_width=6)
    table.add_column(overflow="fold")
    first = failures[0]
    table.add_row("Wrong", Text(printable(first.failure.violation.reason), "bold"))
    table.add_row("", Text(_named(first), "dim"))
    if first.raised_at is not None:
        raised = f"{printable(first.raised_at.place)} in {printable(first.raised_at.function)}"
        table.add_row("Raised", Text(raised))
    table.add_row("Fix", Text(printable(finding.fix.does)))
    for row in finding.fix.code.splitlines():
        table.add_row("", Text(f"  {row}", "green", no_wrap=True, overflow="ellipsis"))
    for index, placed in enumerate(first.plan):
        table.add_row("Plan" if index == 0 else "", Text(placed, "bold yellow"))
    table.add_row("", Text(first.smallness, "dim"))
    for index, other in enumerate(failures[1:]):
        table.add_row("Also" if index == 0 else "", _variant(other))
    return table


def _variant(one: FailureRecord) -> Text:
    """Another way to the same finding, in a line or two."""
    return Text.assemble((one.failure.id, "bold"), f"  {'; '.join(one.plan)}", (f"  ({_named(one)})", "dim"))


def _named(one: FailureRecord) -> str:
    """Which oracle objected, and to what."""
    return printable(spoken(one.failure.violation.fingerprint))


def _run(record: FailureRecord, width: int) -> Iterator[RenderableType]:
    yield _heading("Timeline", "; ".join(filter(None, (", ".join(record.models), "virtual time"))))
    yield _indented(_timeline(record.timeline))
    for change in record.changes:
        yield Text()
        yield _heading(change.heading, change.note)
        yield _indented(_pairs(change.pairs, width))
    failure = record.failure
    yield Text()
    yield _heading("Run it again", f"seed {failure.seed}, {_in_examples(failure.runs_seen)}")
    yield from (_code(row) for row in _again(record))


def _timeline(rows: Sequence[TimelineRow]) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True, width=1, style="bold yellow")
    table.add_column(no_wrap=True, justify="right", style="dim")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    for row in rows:
        table.add_row(
            Text(_MARKS[row.mark], _TONES[row.mark] if row.mark else ""),
            Text(_clock(row.at)),
            Text(f" {row.who} "),
            _lines(row),
        )
    return table


def _clock(at: float | None) -> str:
    return "" if at is None else f"{at:,.2f} s"


def _lines(row: TimelineRow) -> Text:
    toned = zip(row.what, row.tones, strict=True)
    return Text("\n").join(Text(text, _TONES[tone]) for text, tone in toned)


def _pairs(pairs: Sequence[Pair], width: int) -> Table:
    # With nothing recorded one of the columns would be empty.
    two_columns = width >= SIDE_BY_SIDE and any(one.recorded is not None for one in pairs)
    return _beside(pairs) if two_columns else _stacked(pairs)


def _beside(pairs: Sequence[Pair]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(overflow="fold", style="dim", max_width=24)
    table.add_column(overflow="fold", ratio=1)
    table.add_column(overflow="fold", ratio=1)
    table.add_row("", Text("recorded", "dim"), Text("as run", "dim"))
    for one in pairs:
        table.add_row(
            one.label, _marked(one.recorded or "", one.same, "green"), _marked(one.as_run, one.same, "red")
        )
    return table


def _stacked(pairs: Sequence[Pair]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold", ratio=1)
    for one in pairs:
        table.add_row(Text(one.label, "default"), "")
        if one.recorded is not None:
            table.add_row("  recorded", _marked(one.recorded, one.same, "green"))
        table.add_row("  as run", _marked(one.as_run, one.same, "red"))
    return table


def _marked(text: str, same: int, style: str) -> Text:
    return Text.assemble(text[:same], (text[same:], f"bold {style}"))


def _again(record: FailureRecord) -> Iterator[str]:
    if record.word:
        yield record.word
    yield f"Reproduce with: agent-chaos replay {record.failure.id}"
    yield f"Pytest test: agent-chaos export {record.failure.id}"


def _heading(title: str, note: str) -> RenderableType:
    return _indented(Text.assemble((title, "bold"), (f"  {note}" if note else "", "dim")))


def _indented(what: RenderableType) -> RenderableType:
    return Padding(what, (0, 0, 0, 2), expand=False)


def _code(row: str) -> Text:
    """A line to copy: never wrapped by us, so that it pastes whole."""
    return Text(f"  {row}", no_wrap=True, overflow="ignore")
