"""Draws the chaos of one variant: a place by its weight, a fault of it, a call at which it can act, its numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal, get_args, get_origin

from agent_chaos.chaos import constructors
from agent_chaos.chaos.builder import Chaos
from agent_chaos.faults.fault import Fault, WireFault, target_of
from agent_chaos.search.scope import Rule
from agent_chaos.search.space import edge_biased, numbers_of
from agent_chaos.search.variants.call_slot import CallSlot
from agent_chaos.search.variants.chaos_space import ChaosSpace
from agent_chaos.search.variants.fuzz_config import ToolFuzzConfig
from agent_chaos.trace.trace import Call

_TRIES = 8
_FROM_THEN_ON = 0.25
"""How often a fault of the model strikes from a call on, instead of at it alone."""

Fields = dict[str, Any]
_AS_BEFORE: dict[str, Callable[[Fields], Chaos]] = {
    "rate_limit": lambda made: constructors.llm_rate_limit(made["retry_after_s"]),
    "timeout_before_headers": lambda made: constructors.llm_timeout(made["seconds"]),
    "slow_first_byte": lambda made: constructors.llm_slow_ttft(made["seconds"]),
    "slow_stream": lambda made: constructors.llm_slow_chunks(made["seconds"]),
}
"""Faults that users of 0.1.3 know by another word."""


@dataclass(frozen=True)
class PossibleFault:
    """One thing that can go wrong, and the calls at which it can. `make` draws it for one of them."""

    name: str
    slots: tuple[CallSlot, ...]
    make: Callable[[CallSlot, Random], Chaos]
    weight: float = 1.0
    from_then_on: bool = False


@dataclass(frozen=True)
class VariantSite:
    """A place of a space: its weight and what can go wrong there."""

    weight: float
    options: tuple[PossibleFault, ...]

    def at(self, slots: Iterable[CallSlot]) -> VariantSite:
        """With these calls only; an option without any is gone."""
        # By identity: a slot holds a whole call with its reply, which would have to be hashed and compared
        # for each draw.
        wanted = set(map(id, slots))
        kept = (
            PossibleFault(
                o.name, tuple(s for s in o.slots if id(s) in wanted), o.make, o.weight, o.from_then_on
            )
            for o in self.options
        )
        return VariantSite(self.weight, tuple(option for option in kept if option.slots))


@dataclass
class Draw:
    """Draws variants' chaos. `places` are those of a space that can be reached."""

    places: tuple[VariantSite, ...]
    size: tuple[int, int]
    after_calls: tuple[int, int]
    slots: Sequence[CallSlot] = field(default=())

    def chaos(self, rng: Random) -> tuple[Chaos, ...]:
        """Faults at distinct calls; fewer than wanted where the calls run out."""
        found: list[Chaos] = []
        left = list(self.slots)
        for _ in range(rng.randint(*self.size)):
            places = [one for one in (place.at(left) for place in self.places) if one.options]
            if not places:
                break
            chaos, taken = self._one(places, left, rng)
            found.append(chaos)
            left = [slot for slot in left if slot not in taken]
        return tuple(found)

    def _one(
        self, places: list[VariantSite], left: list[CallSlot], rng: Random
    ) -> tuple[Chaos, list[CallSlot]]:
        (place,) = rng.choices(places, [one.weight for one in places])
        (option,) = rng.choices(place.options, [one.weight for one in place.options])
        slot = rng.choice(option.slots)
        chaos = option.make(slot, rng)
        low, high = self.after_calls
        if option.from_then_on and low <= slot.call <= high and rng.random() < _FROM_THEN_ON:
            # Every later call of the model is taken: a second fault there would never be reached.
            later = [one for one in left if not one.of_tool and one.call >= slot.call]
            return chaos.after_calls(slot.call), later
        return slot.triggered(chaos), [slot]


def drawing(space: ChaosSpace, slots: Sequence[CallSlot]) -> Draw:
    """What can be drawn from a space at these calls."""
    calls = tuple(slot for slot in slots if not slot.of_tool)
    places = (
        VariantSite(space.llm.probability, tuple(_option(rule, calls, True) for rule in space.llm.rules())),
        VariantSite(
            space.stream.probability, tuple(_option(rule, calls, False) for rule in space.stream.rules())
        ),
        VariantSite(space.tool.probability, _of_tools(space.tool, slots)),
        VariantSite(space.context.probability if space.context.enabled else 0.0, _of_context(space, calls)),
    )
    reachable = (place.at(slots) for place in places if place.weight)
    return Draw(
        tuple(place for place in reachable if place.options),
        (space.min_per_scenario, space.max_per_scenario),
        space.after_calls_range,
        slots,
    )


def _option(rule: Rule, slots: Iterable[CallSlot], from_then_on: bool, weight: float = 1.0) -> PossibleFault:
    here = tuple(slot for slot in slots if slot.step is None or rule.openings(slot.step))
    return PossibleFault(
        rule.kind, here, lambda slot, rng: _worded(_fault(rule, slot, rng)), weight, from_then_on
    )


def _of_tools(config: ToolFuzzConfig, slots: Sequence[CallSlot]) -> tuple[PossibleFault, ...]:
    if not config.enabled:
        return ()
    wanted = [slot for slot in slots if slot.of_tool and _is_target(config, slot)]
    changed = config.mutator_probability if config.mutators else 0.0
    faults = config.rules()
    # Faults share what the mutators leave, so that `mutator_probability` is the chance of any mutator,
    # however many there are.
    options = [_option(rule, wanted, False, (1 - changed) / len(faults)) for rule in faults]
    for mutator in config.mutators:
        made = constructors.tool_mutate(mutator)
        share = (changed if faults else 1.0) / len(config.mutators)
        options.append(PossibleFault(str(made), tuple(wanted), _always(made), share))
    return tuple(option for option in options if option.weight)


def _is_target(config: ToolFuzzConfig, slot: CallSlot) -> bool:
    return config.targets is None or slot.tool in config.targets


def _of_context(space: ChaosSpace, slots: tuple[CallSlot, ...]) -> tuple[PossibleFault, ...]:
    every = [constructors.context_mutate(mutator) for mutator in space.context.mutators]
    return tuple(PossibleFault(str(made), slots, _always(made)) for made in every)


def _always(made: Chaos) -> Callable[[CallSlot, Random], Chaos]:
    return lambda slot, rng: made


def _fault(rule: Rule, slot: CallSlot, rng: Random) -> Fault:
    """The rule's fault with drawn numbers, such that it changes the recorded reply."""
    choice = rng.choice(rule.openings(slot.step)) if slot.step is not None else _guessed(rule, rng)
    numbers = numbers_of(rule, choice)
    given = {name for name, _, _ in rule.bounds}
    for _ in range(_TRIES):
        drawn = {b[0]: rng.randint(*b[1:]) if b[0] in given else edge_biased(b, rng) for b in numbers}
        made = rule.cls(**{**choice, **drawn})
        # Numbers drawn freely may lie beyond the end of a reply, and leave it as it was. After some tries the
        # least ones are taken.
        if _acts(made, slot):
            return made
    return rule.cls(**{**choice, **{name: low for name, low, _ in numbers}})


def _guessed(rule: Rule, rng: Random) -> Fields:
    """A choice where no recording says which there are: any of those that the fault has a name for."""
    if rule.choices:
        return dict(rng.choice(rule.choices))
    infos = rule.cls.model_fields.items()
    named = {name: info.annotation for name, info in infos if info.is_required()}
    return {
        name: rng.choice(get_args(hint))
        for name, hint in sorted(named.items())
        if get_origin(hint) is Literal
    }


def _acts(made: Fault, slot: CallSlot) -> bool:
    step = slot.step
    if not isinstance(made, WireFault) or not isinstance(step, Call) or not step.recorded:
        return True
    target = target_of(type(made), step.request, step.recorded, step.wire)
    return target is not None and made.apply(target) != step.recorded


def _worded(made: Fault) -> Chaos:
    """The fault as scenarios write it."""
    # Without defaults, so that the name of a variant reads as a person would have written it.
    fields = made.model_dump(exclude_defaults=True, exclude={"kind"})
    if fields.get("boundary") == "after_frames" and made.kind == "reset_in_body":
        return constructors.llm_stream_cut(fields["offset"])
    if fields.get("boundary") == "after_frames" and made.kind == "stall":
        return constructors.llm_stream_hang(fields.get("frames", 0), fields["seconds"])
    known = _AS_BEFORE.get(made.kind)
    return known(fields) if known else constructors.any_fault(made.kind, **fields)
