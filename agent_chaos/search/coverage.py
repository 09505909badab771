"""What a campaign covered of each kind of fault, and why the rest never fired."""

from __future__ import annotations

from agent_chaos.faults.catalogue import fault_types
from agent_chaos.faults.family import TOOL_ARGUMENTS, TOOL_CALL
from agent_chaos.faults.fault import Fault, StreamFault, ToolFault
from agent_chaos.providers.registry import framing_of
from agent_chaos.search.campaign import LEFT_OUT, Covered
from agent_chaos.search.campaign_state import CampaignState
from agent_chaos.search.space import Menu, Space
from agent_chaos.trace.trace import Call, Trace

_OF_TOOL_CALLS = (TOOL_CALL, TOOL_ARGUMENTS)


def coverage(run: CampaignState, space: Space) -> tuple[Covered, ...]:
    """Every kind of the catalogue, by name."""
    return tuple(_covered(kind, cls, run, space) for kind, cls in sorted(fault_types().items()))


def _covered(kind: str, cls: type[Fault], run: CampaignState, space: Space) -> Covered:
    menu = space.menu(kind)
    sites = {entry.single for entry in menu.entries} if menu else set()
    fired = run.fired[kind]
    return Covered(
        kind=kind,
        family=cls.family.name,
        sites=len(sites),
        run=len(sites & run.singles_run),
        fired=len(sites & run.singles),
        examples=fired,
        why="" if fired else _why(kind, cls, run, space, menu),
    )


def _why(kind: str, cls: type[Fault], run: CampaignState, space: Space, menu: Menu | None) -> str:
    if kind not in space.scope.by_kind:
        return LEFT_OUT if cls.searched else "not searched; for scenarios that name it"
    if menu is None:
        return nowhere(cls, run.subject.clean)
    if not run.named[kind]:
        return "not run: the search was over before"
    return f"in {run.named[kind]:,} examples, none of which came to it"


def nowhere(cls: type[Fault], clean: Trace) -> str:
    """Why a fault has no site in a run."""
    if issubclass(cls, ToolFault):
        return "no tool result it could change" if clean.tools else "no wrapped tool is called"
    if not clean.calls:
        return "no model is called"
    if issubclass(cls, StreamFault) and not any(_streamed(call) for call in clean.calls):
        return "no reply is streamed"
    if cls.family in _OF_TOOL_CALLS and not any(_asks(call) for call in clean.calls):
        return "no reply asks for a tool"
    return "no reply has what it changes"


def _streamed(call: Call) -> bool:
    return call.recorded is not None and framing_of(call.recorded, call.wire) is not None


def _asks(call: Call) -> bool:
    if call.wire is None or call.recorded is None or not call.recorded.ok:
        return False
    return bool(call.wire.parse(call.recorded).tool_calls)
