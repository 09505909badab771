"""A recording as the trace of the run that made it, without running anything: for files that are being imported."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from agent_chaos.cassette.model import Cassette, Exchange, ToolRecord
from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.errors import CassetteError, CassetteMissing
from agent_chaos.faults.plan import Plan, Site
from agent_chaos.replay.toolbox import given_to_others
from agent_chaos.scenario.model import Scenario
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Call, ToolRun, Trace
from agent_chaos.trial.call_numbers import is_retry


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """The run a recording was made from. Imported recordings do not know which turn a call belongs to (`in_turns`)."""

    trace: Trace
    in_turns: bool


def recorded_run(scenario: Scenario) -> RecordedRun | None:
    """The run a scenario was recorded from; None where there is no cassette, or none that can be read.

    What is wrong with a cassette is told when it is run; here it must not keep a file from being imported.
    """
    try:
        cassette = open_cassette(scenario.cassette_path)
        return RecordedRun(trace_of(cassette), bool(cassette.turns) or len(scenario.turns) == 1)
    except (CassetteMissing, CassetteError):
        return None


def trace_of(cassette: Cassette) -> Trace:
    """The calls and tools of the run that a cassette was recorded from, in order."""
    records = _of_the_run(cassette)
    latest: dict[str, tuple[Call, bool]] = {}
    entries: list[Call | ToolRun] = []
    made = 0
    for seq, record in enumerate(records):
        if isinstance(record, ToolRecord):
            entries.append(_tool(seq, record, cassette.tools))
            continue
        before, answered = latest.get(record.keys.exact, (None, True))
        # The rule by which a trial numbers its calls: the slots found here must have the numbers that the run
        # will give them.
        if before is None or not is_retry(record.request, answered=answered):
            call, made = _call(seq, record, made, 0), made + 1
        else:
            call = _call(seq, record, before.logical, before.attempt + 1)
        latest[record.keys.exact] = (call, record.reply.ok)
        entries.append(call)
    return Trace(Plan(), tuple(entries), records[-1].at if records else 0.0)


def _of_the_run(cassette: Cassette) -> list[Exchange | ToolRecord]:
    """What was recorded up to the last answer; branches come after it, and their calls are those of other runs."""
    over = max((mark.at for mark in cassette.turns if mark.kind == "end"), default=math.inf)
    calls = [tool for tool in cassette.tools if tool.is_call]
    every: list[Exchange | ToolRecord] = [*cassette.exchanges, *calls]
    # At the same moment the model's reply before the tool's call, which is made because of it.
    return sorted((record for record in every if record.at <= over), key=_order)


def _order(record: Exchange | ToolRecord) -> tuple[float, bool, int]:
    return record.at, isinstance(record, ToolRecord), record.index


def _call(seq: int, exchange: Exchange, logical: int, attempt: int) -> Call:
    return Call(
        seq=seq,
        turn=exchange.turn,
        call=exchange.index,
        attempt=attempt,
        logical=logical,
        at=exchange.at,
        site=Site(of="call", index=exchange.index),
        fidelity=Fidelity.EXACT,
        protocol=exchange.protocol,
        transport=exchange.transport,
        request=exchange.request,
        reply=exchange.reply,
        recorded=exchange.reply,
    )


def _tool(seq: int, tool: ToolRecord, records: Iterable[ToolRecord]) -> ToolRun:
    site = Site(of="tool", index=tool.index)
    others = given_to_others(tool, records)
    return ToolRun(seq, tool.turn, tool.at, site, tool.name, tool.arguments, end=tool.end, others=others)
