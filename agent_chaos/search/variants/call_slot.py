"""The calls of a scenario at which a fault written by hand can strike: those of its recording, else those it must make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from agent_chaos.chaos.builder import Chaos
from agent_chaos.chaos.trigger import CallContext
from agent_chaos.faults.fault import ToolFault, WireFault
from agent_chaos.providers.registry import vendors
from agent_chaos.scenario.model import Scenario
from agent_chaos.search.scope import FaultSite
from agent_chaos.search.variants.recorded_trace import RecordedRun
from agent_chaos.trace.trace import Call, Trace


@dataclass(frozen=True, slots=True)
class CallSlot:
    """One call of the model, or of a tool.

    `call` counts those of the scenario (or of the tool), `in_turn` those of the turn, from 0. `turn` is None where the
    turn is not known; `step` is the recorded call, where there is one. `tool` is empty for calls of the model, and for
    whichever tool is called first.
    """

    of_tool: bool
    turn: int | None
    call: int
    in_turn: int
    tool: str = ""
    step: FaultSite | None = None

    def triggered(self, chaos: Chaos) -> Chaos:
        """The chaos at this call alone, at every attempt of it."""
        here = chaos.for_tool(self.tool) if self.tool else chaos
        if self.turn is not None:
            return here.on_turn(self.turn).on_call(self.in_turn)
        return here if self.step is None else here.on_call(self.call)

    @property
    def moment(self) -> CallContext:
        protocol = self.step.protocol if isinstance(self.step, Call) else ""
        site = self.step.site if self.step is not None else None
        return CallContext(self.turn or 0, self.call, self.in_turn, 0, protocol, self.tool, site)


def recorded_slots(scenario: Scenario, run: RecordedRun) -> list[CallSlot]:
    """Every call of a recorded run that may be faulted."""
    slots = [*_calls(scenario, run.trace), *_tools(run.trace)]
    return slots if run.in_turns else [replace(slot, turn=None) for slot in slots]


def assumed_slots(scenario: Scenario, tools: Iterable[str]) -> list[CallSlot]:
    """What a scenario that was never recorded is sure to do: ask the model once in every turn. Tools are taken on trust."""
    turns = range(len(scenario.turns))
    return [
        *(CallSlot(False, turn, turn, 0) for turn in turns),
        *(CallSlot(True, None, 0, 0, tool) for tool in tools),
    ]


def free(slots: Iterable[CallSlot], chaos: Iterable[Chaos]) -> list[CallSlot]:
    """The slots at which none of the chaos strikes already: of two faults of one call the first one wins."""
    left = list(slots)
    for one in chaos:
        left = [slot for slot in left if slot not in _struck(one, left)]
    return left


def _calls(scenario: Scenario, run: Trace) -> Iterator[CallSlot]:
    faulted = [name for provider in scenario.providers for name in vendors()[provider]]
    last = {call.logical: call for call in run.calls}
    in_turn: Counter[int] = Counter()
    # The last attempt of each call stands for it: earlier ones failed when the scenario was recorded, and a
    # fault on top of a failure shows nothing.
    for number, call in sorted(last.items()):
        if call.wire and (not faulted or call.protocol in faulted):
            yield CallSlot(False, call.turn, number, in_turn[call.turn], step=call)
        in_turn[call.turn] += 1


def _tools(run: Trace) -> Iterator[CallSlot]:
    made: Counter[str] = Counter()
    in_turn: Counter[tuple[str, int]] = Counter()
    for tool in run.tools:
        yield CallSlot(True, tool.turn, made[tool.name], in_turn[tool.name, tool.turn], tool.name, tool)
        made[tool.name] += 1
        in_turn[tool.name, tool.turn] += 1


def _struck(chaos: Chaos, slots: list[CallSlot]) -> list[CallSlot]:
    if not isinstance(chaos.fault, WireFault | ToolFault):
        return []
    of_tool = isinstance(chaos.fault, ToolFault)
    found = [slot for slot in slots if slot.of_tool == of_tool and chaos.trigger.allows(slot.moment)]
    # Chaos without a condition strikes the first call that it may, and is then spent.
    once = chaos.trigger.site is None and not chaos.trigger.conditional
    return found[:1] if once else found
