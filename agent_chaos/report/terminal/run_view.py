"""What `run`, `replay`, `shrink` and `record` did, for people: a line for each scenario or failure, and what explains it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from rich.console import RenderableType
from rich.text import Text

from agent_chaos.oracles.oracle import Violation
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.report.event import Planned, Ran, Recorded, Replayed, Shrunk
from agent_chaos.report.printable import clipped, count, printable, seconds
from agent_chaos.report.terminal.finding_view import finding_view
from agent_chaos.results.run_report import RunReport

_Told = Ran | Planned | Replayed | Shrunk | Recorded

_STYLES = {0: "bold green", 1: "bold red", 3: "bold yellow", 5: "bold red"}
_STANDINGS = {"NOT RECORDED": "bold yellow", "ACCEPTED": "yellow", "CHANGED": "bold yellow"}
_UNOBSERVED = (
    "no tool boundary saw that, so no fault strikes it, and offline it runs on copies of files or is refused; wrap it with "
    "@agent_chaos.tool and record it again with --record-mode all, or, where a program of its own runs it without side effects, "
    "name it in pure_tools="
)
_EARLIER = "  kept from an earlier recording, the agent did not run; to record it afresh: --record-mode all"


def run_view(event: _Told, width: int) -> Iterator[RenderableType]:
    """The parts, top to bottom, for a terminal of that many columns."""
    match event:
        case Ran():
            yield from _ran(event)
        case Planned():
            yield Text(f"{printable(event.scenario)}: {count(event.turns, 'turn')}", "bold")
            yield from (_line(f"  {printable(fault)}") for fault in event.faults)
        case Replayed():
            yield from _replayed(event, width)
        case Shrunk():
            yield _line(f"{event.id}  {printable(event.scenario)}  {_shrunk(event)}")
            yield from (_line(f"  {printable(fault)}") for fault in event.plan)
        case Recorded():
            yield from _recorded(event)


def _line(text: str, style: str = "") -> Text:
    # Not wrapped: a terminal folds a long line by itself, and it is copied and searched for as one.
    return Text(text, style, no_wrap=True, overflow="ignore")


def _ran(event: Ran) -> Iterator[RenderableType]:
    report = event.report
    figures = f"{count(report.llm_calls, 'call')}, {seconds(report.elapsed_s)} virtual"
    head = (printable(report.scenario_name), "  ", (report.verdict, _STYLES[event.exit_code]), f"  {figures}")
    yield Text.assemble(*head, no_wrap=True, overflow="ignore")
    yield from (_line(f"  ▲ {printable(fired)}", "yellow") for fired in report.faults_fired)
    for result in report.assertion_results:
        mark, style = ("✓", "green") if result.passed else ("✗", "red")
        turn = "" if result.turn is None else f" (turn {result.turn})"
        yield _line(f"  {mark} {printable(result.name)}{turn}: {clipped(result.message, 400)}", style)
    if report.error:
        yield _line(f"  raised {clipped(report.error, 400)}")
    objections = report.violations if report.assertion_results else ()
    if report.reason and not _is_said(report, objections):
        yield _line(f"  {clipped(report.reason, 400)}")
    if report.verdict is not Verdict.NOT_TESTED:
        yield from (_line(f"  {clipped(one, 400)}", "dim") for one in report.unfired)
    for violation in objections:
        told = f"{violation.oracle.replace('_', ' ')}: {clipped(violation.reason, 200)}"
        yield _line(f"  ! {told}", "dim")


def _is_said(report: RunReport, objections: Iterable[Violation]) -> bool:
    """Whether the reason of a verdict is nothing but what failed assertions and oracles say on lines of their own."""
    failed = [f"{one.name}: {one.message}" for one in report.assertion_results if not one.passed]
    reasons = [one.reason for one in objections if one.severity == "error"]
    # Split on both sides alike: a reason may itself hold a semicolon. Counted, since two turns may fail for
    # one reason.
    return Counter(report.reason.split("; ")) == Counter("; ".join([*failed, *reasons]).split("; "))


def _replayed(event: Replayed, width: int) -> Iterator[RenderableType]:
    if event.finding is not None and event.failure is not None:
        yield from finding_view(event.finding, (event.failure,), width)
        yield Text()
    style = _STANDINGS.get(event.standing, _STYLES[event.exit_code])
    name = f"{event.id}  {event.scenario}" if event.id else event.scenario
    line = (printable(name), "  ", (event.standing, style), "  ", printable(event.why))
    yield Text.assemble(*line, no_wrap=True, overflow="ignore")
    yield from (_line(f"  {printable(fault)}", "dim") for fault in event.plan)


def _shrunk(event: Shrunk) -> str:
    changed = event.faults_before != event.faults
    before = f"{count(event.faults_before, 'fault')} -> {event.faults}"
    return f"{before if changed else count(event.faults, 'fault')}, {event.smallness}, {count(event.runs, 'run')}"


def _recorded(event: Recorded) -> Iterator[RenderableType]:
    tools = ", ".join(map(printable, event.tools)) or "none"
    hosts = ", ".join(map(printable, event.hosts)) or "none"
    name = printable(event.scenario)
    yield _line(
        f"{name}  {event.path}, {_size(event.size_bytes)}: {count(event.calls, 'call')}{_tokens(event)}"
    )
    yield _line(f"{' ' * len(name)}  tools: {tools}; hosts: {hosts}")
    if event.unobserved:
        names = ", ".join(map(printable, event.unobserved))
        yield _line(f"  the model called {names}: {_UNOBSERVED}", "yellow")
    if not event.fresh:
        yield _line(_EARLIER)


def _tokens(event: Recorded) -> str:
    """Tokens as the provider counted them; one that counted none is not quoted as having counted to zero."""
    if not event.input_tokens and not event.output_tokens:
        return ", no tokens told"
    return f", {event.input_tokens:,} tokens in, {event.output_tokens:,} out"


def _size(size: int) -> str:
    return f"{size:,} bytes" if size < 10_000 else f"{size / 1000:,.0f} kB"
