"""Which faults a search may use, where and how strong: everything, unless some are named or a `ChaosSpace` restricts it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from agent_chaos.faults.catalogue import fault_type, fault_types
from agent_chaos.faults.fault import (
    Choice,
    Fault,
    Target,
    ToolFault,
    ToolTarget,
    WireFault,
    fault_failed,
    target_of,
)
from agent_chaos.trace.trace import Call, ToolRun

Bounds = tuple[str, int, int]
"""A whole-number field and its least and greatest value."""

FaultSite = Call | ToolRun
"""What a fault can act on: a call of the model or of a tool."""

DEFAULT_SIZE = (1, 12)


@dataclass(frozen=True)
class Rule:
    """One kind of fault that may be used.

    Attributes:
        choices: values for its fields that are not drawn; its own openings where there are none.
        bounds: what its whole-number fields are drawn from, where that differs from the fault's own.
        streamed: only at replies that were streamed.
        tools: only at these tools; all where it is None.
    """

    kind: str
    choices: tuple[Choice, ...] = ()
    bounds: tuple[Bounds, ...] = ()
    streamed: bool = False
    tools: frozenset[str] | None = None

    @cached_property
    def cls(self) -> type[Fault]:
        return fault_type(self.kind)

    def openings(self, step: FaultSite) -> tuple[Choice, ...]:
        """The choices with which the fault can act on a step, mildest first."""
        try:
            return self._openings(step)
        except Exception as exc:  # a fault may be other people's, and is not to be taken for ours
            raise fault_failed(self.kind, exc) from exc

    def _openings(self, step: FaultSite) -> tuple[Choice, ...]:
        cls = self.cls
        if isinstance(step, Call) and issubclass(cls, WireFault):
            target = target_of(cls, step.request, step.recorded, step.wire) if step.recorded else None
            if target is None or (self.streamed and not target.streamed):
                return ()
            return self._of_reply(cls, target)
        if isinstance(step, ToolRun) and issubclass(cls, ToolFault):
            if self.tools is not None and step.name not in self.tools:
                return ()
            return self.choices or cls.openings(ToolTarget(step.name, step.arguments, step.end, step.others))
        return ()

    def _of_reply(self, cls: type[WireFault], target: Target) -> tuple[Choice, ...]:
        if not self.choices:
            return cls.openings(target)
        lows = {name: low for name, low, _ in self.bounds}
        # A space that was written by hand may name choices that cannot act here, and a plan with one tests
        # nothing.
        return tuple(one for one in self.choices if cls(**{**lows, **one}).apply(target) != target.reply)


@dataclass(frozen=True)
class Scope:
    """What a search draws from. `size` is the least and the greatest number of faults of an example."""

    rules: tuple[Rule, ...] | None = None
    size: tuple[int, int] = DEFAULT_SIZE

    @cached_property
    def by_kind(self) -> dict[str, Rule]:
        """The rule of each kind; of two for one kind, the one that leaves more open."""
        found: dict[str, Rule] = {}
        for rule in every_rule() if self.rules is None else self.rules:
            # Without choices of its own a rule takes all openings.
            if rule.kind not in found or not rule.choices:
                found[rule.kind] = rule
        return found

    def less(self, kinds: Collection[str]) -> Scope:
        """The scope without these kinds."""
        kept = (rule for rule in self.by_kind.values() if rule.kind not in kinds)
        return Scope(tuple(kept), self.size)

    def only(self, kinds: Collection[str]) -> Scope:
        """These kinds, as the scope has them; those that a search leaves out by itself where nothing restricts it."""
        known = self.by_kind
        more = [Rule(kind) for kind in sorted(kinds) if self.rules is None and kind not in known]
        return Scope((*(known[kind] for kind in known if kind in kinds), *more), self.size)


EVERYTHING = Scope()
"""Every fault that is searched by default."""


def every_rule() -> tuple[Rule, ...]:
    """A rule for each fault that is searched by default."""
    return tuple(Rule(kind) for kind, cls in fault_types().items() if cls.searched)


def choice_pairs(choice: Choice) -> tuple[tuple[str, Any], ...]:
    """A choice as sorted pairs."""
    return tuple(sorted(choice.items()))
