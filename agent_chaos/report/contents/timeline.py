"""A run as rows on the virtual clock: calls with what came back, tools, waits, answers, and the faults marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, assert_never

from agent_chaos.oracles.termination import obeys
from agent_chaos.providers.embeddings import embeddings_of
from agent_chaos.report.contents.wire_words import came_back, delivery, effect_of, model_of, tool_result_text
from agent_chaos.report.printable import call_text, clipped, printable, seconds
from agent_chaos.trace.trace import (
    Answer,
    Call,
    Delivered,
    Incident,
    Raised,
    ToolRun,
    Trace,
    TraceEvent,
    Wait,
)

Tone = Literal["plain", "fault", "finding", "quiet"]
Mark = Literal["", "fault", "finding"]

# Shorter waits are not told; of longer runs than so many rows, the middle is left out.
_WORTH_WAITING_S = 0.5
_LONGEST = 24


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a row."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that happened. `at` is virtual seconds, None for a row that stands for several left out."""

    at: float | None
    who: str
    lines: tuple[Line, ...]
    mark: Mark = ""


def models(trace: Trace) -> tuple[str, ...]:
    """The models (with their protocols) that the run spoke to, in order."""
    return tuple(dict.fromkeys(_speaks(call) for call in trace.calls))


def _speaks(call: Call) -> str:
    vectors = embeddings_of(call.request)
    protocol = call.protocol or (vectors.name if vectors else "")
    return f"{model_of(call)} ({protocol})" if protocol else model_of(call)


def timeline_rows(trace: Trace, *, finding_seqs: frozenset[int] = frozenset()) -> tuple[Row, ...]:
    """The rows of a run; long runs lose the middle, never a row with a mark or beside one."""
    run = _Run(trace, finding_seqs)
    rows = [row for entry in trace.entries if (row := _row(entry, run)) is not None]
    return _shortened(rows)


@dataclass(frozen=True)
class _Run:
    """What a row tells of its entry depends on the run around it."""

    trace: Trace
    findings: frozenset[int]

    @cached_property
    def speaks_to_one_model(self) -> bool:
        return len(models(self.trace)) <= 1

    @cached_property
    def new_differences(self) -> frozenset[int]:
        """The calls that differ otherwise than every call before: what a history has once, each later request has, too."""
        first: dict[tuple[str, str], int] = {}
        for call in self.trace.calls:
            first.setdefault((call.fidelity.words, call.difference), call.seq)
        return frozenset(first.values())

    def heard(self, call: Call) -> bool:
        """Whether a good reply came, and the client read it without an error."""
        delivered = self.trace.deliveries.get(call.seq)
        broken = delivered is not None and delivered.outcome in ("aborted", "timeout")
        return call.reply is not None and call.reply.ok and not broken

    def came_before(self, call: Call) -> Call | None:
        """The attempt before, at the same recorded call."""
        return next(
            (one for one in reversed(self.trace.calls) if one.seq < call.seq and one.call == call.call), None
        )


def _row(entry: TraceEvent, run: _Run) -> Row | None:
    mark = _mark(entry, run.findings)
    match entry:
        case Call():
            return Row(entry.at, _who(entry, run), tuple(_call_lines(entry, run)), mark)
        case ToolRun():
            return Row(entry.at, "tool", tuple(_tool_lines(entry)), mark)
        case Wait():
            return _waited(entry, run.trace, mark)
        case Answer():
            return Row(entry.at, "answer", (Line(f"“{clipped(entry.text, 160)}”"),), mark)
        case Raised():
            return Row(entry.at, "raised", (Line(_raised(entry)),), mark)
        case Incident():
            return Row(
                entry.at, "", (Line(f"{_INCIDENTS[entry.kind]}: {printable(entry.detail)}", "quiet"),), mark
            )
        case Delivered():
            return None
        case _:
            assert_never(entry)


_INCIDENTS = {
    "miss": "left the recording",
    "refused": "connection refused by agent-chaos",
    "effect": "refused by agent-chaos",
    "telemetry": "telemetry refused",
    "subprocess": "started a subprocess",
    "sqlite": "opened a database",
    "file": "wrote a file",
    "copied": "changed a file, in a throw-away copy",
    "thread": "a thread outlived the run",
    "task": "a task outlived the run",
    "budget": "stopped, over budget",
    "timeout": "stopped, over the real-time limit",
    "degraded": "the virtual clock is not exact",
    "harness": "agent-chaos failed",
}


def _mark(entry: TraceEvent, findings: frozenset[int]) -> Mark:
    if isinstance(entry, Call | ToolRun) and entry.fired:
        return "fault"
    return "finding" if entry.seq in findings else ""


def _who(call: Call, run: _Run) -> str:
    if not call.attempt:
        return f"call {call.call}"
    before = run.came_before(call)
    # An agent that heard a good reply and asks the same again retries nothing.
    again = not call.by_sdk and before is not None and run.heard(before)
    return f"call {call.call}, {'again' if again else 'retry'} {call.attempt}"


def _call_lines(call: Call, run: _Run) -> Iterator[Line]:
    came = came_back(call)
    yield Line(came if run.speaks_to_one_model else f"{_speaks(call)}: {came}")
    if not call.fidelity.full and call.reply is not None and call.seq in run.new_differences:
        yield Line(f"{call.fidelity.words}; {printable(call.difference)}".rstrip("; "), "quiet")
    for fault in call.fired:
        yield Line(f"▲ fault: {printable(fault.describe())}", "fault")
    if words := delivery(run.trace.deliveries.get(call.seq), call.reply):
        yield Line(words, "quiet")


def _tool_lines(run: ToolRun) -> Iterator[Line]:
    yield Line(clipped(call_text(run.name, run.arguments), 200))
    yield Line(f"→ {clipped(tool_result_text(run), 120)}", "quiet")
    for fault in run.fired:
        yield Line(f"▲ fault: {printable(fault.describe())}", "fault")
    if run.effect != "recorded":
        yield Line(effect_of(run), "finding" if run.effect == "real" else "quiet")


def _waited(wait: Wait, trace: Trace, mark: Mark) -> Row | None:
    # The wait for a reply shows in the time of the next row.
    if not mark and (wait.seconds < _WORTH_WAITING_S or wait.why == "transfer"):
        return None
    before = next((call for call in reversed(trace.calls) if call.seq < wait.seq), None)
    why = _ordered(wait, before, trace)
    return Row(
        wait.at, "waited", (Line(f"{seconds(wait.seconds)} ({why})", "finding" if mark else "quiet"),), mark
    )


def _under_way(call: Call, wait: Wait, trace: Trace) -> bool:
    """Whether an event loop waited while the reply of that call, and nothing else, could come."""
    delivered = trace.deliveries.get(call.seq)
    return wait.why == "timer" and delivered is not None and delivered.seq > wait.seq


def _ordered(wait: Wait, before: Call | None, trace: Trace) -> str:
    """What a wait was for: a header of the call before it that asked for that long, the transfer, or the agent itself."""
    asked = before.reply.header("retry-after") if before is not None and before.reply is not None else ""
    # A `retry-after` is named only where the wait is as long as it says: a client may well have ignored it.
    if before is not None and asked and wait.why in ("sleep", "timer") and obeys(asked, wait.seconds):
        return f"call {before.call} said retry-after: {clipped(asked, 40)}"
    if before is not None and (wait.why in ("transfer", "timeout") or _under_way(before, wait, trace)):
        # An event loop sleeps until its next timer, be it that of a reply.
        return f"{'timeout' if wait.why == 'timeout' else 'transfer'} of call {before.call}"
    return printable(wait.why)


def _raised(entry: Raised) -> str:
    where = f", in {printable(entry.where)}" if entry.where else ""
    return f"{printable(entry.type)}: {clipped(entry.message, 160)}{where}"


def _shortened(rows: Sequence[Row]) -> tuple[Row, ...]:
    if len(rows) <= _LONGEST:
        return tuple(rows)
    # The neighbours stay, since a fault is understood by what was asked before it and what was done after
    # it.
    marked = [i for i, row in enumerate(rows) if row.mark]
    near = {i + d for i in marked for d in (-1, 0, 1)} | {0, 1, len(rows) - 2, len(rows) - 1}
    return tuple(_with_gaps(rows, near))


def _with_gaps(rows: Sequence[Row], kept: set[int]) -> Iterator[Row]:
    skipped = 0
    for index, row in enumerate(rows):
        if index not in kept:
            skipped += 1
            continue
        if skipped:
            yield Row(None, "…", (Line(f"{skipped} more, as without faults or of no note", "quiet"),))
            skipped = 0
        yield row
