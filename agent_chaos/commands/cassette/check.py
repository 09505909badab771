"""`agent-chaos cassette check`: the health of recordings: secrets, unread bodies, age, what the SDKs no longer read, and what
replay can do little with.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from agent_chaos.cassette.interchange.traces import rendered_from
from agent_chaos.cassette.keys import KEY_VERSION
from agent_chaos.cassette.model import Cassette, Exchange
from agent_chaos.cassette.redaction.audit import Opinion, no_opinion
from agent_chaos.cassette.redaction.second_opinion import kingfisher
from agent_chaos.cassette.storage.audit import scan
from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.cassette.summary import is_unknown
from agent_chaos.commands.cassette.drift import drift
from agent_chaos.commands.cassette.verify import audit_figures, chosen_cassettes
from agent_chaos.commands.output import print_line
from agent_chaos.errors import AgentChaosError
from agent_chaos.report.console import print_error
from agent_chaos.report.exit import combined
from agent_chaos.report.printable import count, day

_DAY_S = 86_400


def check(files: list[Path], max_age_days: int) -> int:
    """What is wrong or worth a look in each cassette; 1 for a secret or an unread body. Raises UsageError without files."""
    opinion = kingfisher() or no_opinion
    return combined(_one(file, opinion, max_age_days) for file in chosen_cassettes(files))


def _one(file: Path, opinion: Opinion, max_age_days: int) -> int:
    try:
        found = scan(file, opinion=opinion)
        notes = list(_notes(file, open_cassette(file), max_age_days))
    except AgentChaosError as exc:
        print_error(exc)
        return exc.exit_code
    head = f"{file}  whole, {audit_figures(found)}" + (f", {count(len(notes), 'note')}" if notes else "")
    print_line(head, "red" if found else "")
    for line in (*map(str, found), *notes):
        print_line(f"  {line}")
    return 1 if found else 0


def _notes(file: Path, cassette: Cassette, max_age_days: int) -> Iterator[str]:
    header = cassette.header
    # A recording of another tool may not say when it was made.
    age_days = int((time.time() - header.started_at) / _DAY_S) if header.started_at else 0
    if age_days > max_age_days:
        yield f"recorded {day(header.started_at)}, {age_days} days ago: models and SDKs have moved on"
    if not cassette.complete:
        yield "cut off while it was recorded: what came later is missing"
    if header.key_version != KEY_VERSION:
        renews = f"agent-chaos cassette repair {file} -o {file} --force"
        yield f"its match keys are of another version, so opening it takes longer; '{renews}' renews them"
    if source := next(filter(None, map(rendered_from, cassette.exchanges)), ""):
        yield f"rendered from a trace of {source}: its bytes, headers and pace were never recorded"
    yield from drift(cassette)
    spoken: set[str] = set()
    for exchange in cassette.exchanges:
        yield from _note(exchange, spoken)


def _note(exchange: Exchange, spoken: set[str]) -> Iterator[str]:
    """What replay can do little with: calls in no known protocol, and repetitions that are served only to a repetition."""
    request = exchange.request
    if is_unknown(exchange):
        place = f"{request.host}{request.path}"
        yield f"call {exchange.index}: {place} speaks no protocol known here: replayed, struck by transport faults alone"
    if exchange.keys.exact in spoken:
        yield f"call {exchange.index}: the same request as an earlier call: served when the agent repeats it"
    # A recorded error is followed by the SDK's retry, which is the same request and no repetition of the
    # agent's.
    if exchange.reply.ok:
        spoken.add(exchange.keys.exact)
