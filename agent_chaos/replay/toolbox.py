"""Answers wrapped tools from a cassette, so that replay never repeats a side effect."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from agent_chaos.cassette.model import ToolRecord
from agent_chaos.faults.fault import Fault, Given, ToolFault, ToolOutcome, ToolTarget, fault_failed
from agent_chaos.faults.plan import Plan, Site


@dataclass(frozen=True, slots=True)
class ToolServed:
    """What a tool call gets: the record it matched (None where the tool was never recorded), and any fault."""

    record: ToolRecord | None
    site: Site | None
    same_arguments: bool
    outcome: ToolOutcome | None
    fired: tuple[Fault, ...]
    others: tuple[Given, ...] = ()


def _nothing_more(name: str, site: Site) -> Sequence[Fault]:
    return ()


class RecordedTools:
    """The recorded tool calls of a cassette, and what is worked out of them once for all runs."""

    def __init__(self, records: Iterable[ToolRecord]) -> None:
        self._by_name: dict[str, list[ToolRecord]] = {}
        for record in records:
            self._by_name.setdefault(record.name, []).append(record)
        self._arguments: dict[int, str] = {}
        self._alike: dict[str, dict[str, list[ToolRecord]]] = {}
        self._others: dict[int, tuple[Given, ...]] = {}

    def of(self, name: str) -> Sequence[ToolRecord]:
        """The calls of one tool, in order."""
        return self._by_name.get(name, ())

    def arguments(self, record: ToolRecord) -> str:
        """The arguments of a call, equal for equal ones."""
        if record.index not in self._arguments:
            self._arguments[record.index] = _canonical(record.arguments)
        return self._arguments[record.index]

    def with_arguments(self, name: str, arguments: str) -> Sequence[ToolRecord]:
        """The calls of one tool that had these arguments, as `arguments` gives them, in order."""
        if name not in self._alike:
            alike: dict[str, list[ToolRecord]] = {}
            for record in self.of(name):
                alike.setdefault(self.arguments(record), []).append(record)
            self._alike[name] = alike
        return self._alike[name].get(arguments, ())

    def others(self, record: ToolRecord) -> tuple[Given, ...]:
        """What the tool of a call gave to its other calls."""
        if record.index not in self._others:
            self._others[record.index] = given_to_others(record, self.of(record.name))
        return self._others[record.index]


class Toolbox:
    """A cursor over recorded tool calls, under a plan. Not thread-safe.

    Args:
        extra: faults besides the plan's, given the tool's name and the site that answers the call.
    """

    def __init__(
        self,
        recorded: RecordedTools,
        plan: Plan,
        extra: Callable[[str, Site], Sequence[Fault]] = _nothing_more,
    ) -> None:
        self._recorded = recorded
        self._plan = plan
        self.extra = extra
        self._servings: dict[int, int] = {}

    def serve(self, name: str, arguments: Any) -> ToolServed:
        """The recorded result for equal arguments, else the nearest recorded result of that tool."""
        mine = self._recorded.of(name)
        if not mine:
            return ToolServed(None, None, False, None, ())
        wanted = _canonical(arguments)
        # The nearest of all, not the next in order: an agent that calls tools in parallel has no order.
        same = self._recorded.with_arguments(name, wanted)
        record = min(same or mine, key=lambda one: self._distance(one, arguments, same=bool(same)))
        serving = self._servings.get(record.index, 0)
        self._servings[record.index] = serving + 1
        site = Site(of="tool", index=record.index, serving=serving)
        others = self._recorded.others(record)
        target = ToolTarget(name, arguments, record.end, others)
        outcome, fired = self.faulted(site, target)
        return ToolServed(record, site, bool(same), outcome, fired, others)

    def _distance(self, record: ToolRecord, arguments: Any, *, same: bool) -> tuple[int, bool, int]:
        differing = 0 if same else _differing(record.arguments, arguments)
        # Those not served yet before those that were; then by their number, so that equal ones are taken as
        # they were recorded.
        return differing, record.index in self._servings, record.index

    def faulted(self, site: Site, target: ToolTarget) -> tuple[ToolOutcome | None, tuple[Fault, ...]]:
        """What a tool call gets instead of its result, and the fault that makes it so."""
        for fault in (*self._plan.at(site), *self.extra(target.name, site)):
            if isinstance(fault, ToolFault):
                try:
                    outcome = fault.apply(target)
                except Exception as exc:  # a fault may be other people's, and is not to be taken for ours
                    raise fault_failed(fault.kind, exc) from exc
                # As for replies: what changes nothing has not fired.
                return (None, ()) if outcome == ToolOutcome(target.end) else (outcome, (fault,))
        return None, ()


def given_to_others(record: ToolRecord, records: Iterable[ToolRecord]) -> tuple[Given, ...]:
    """What the tool of a recorded call gave to its other calls."""
    return tuple(
        Given(other.arguments, other.end.result, earlier=other.index < record.index)
        for other in records
        if other.name == record.name and other.index != record.index and not other.end.failed
    )


def _canonical(value: Any) -> str:
    """JSON text that is equal for equal values."""
    # `default=str`, unlike JSON of providers: arguments come from Python, and may hold dates, paths or
    # decimals.
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def _differing(recorded: Any, asked: Any) -> int:
    if not isinstance(recorded, dict) or not isinstance(asked, dict):
        return 1 if recorded != asked else 0
    return sum(recorded.get(key) != asked.get(key) for key in recorded.keys() | asked.keys())
