"""`fuzz_chaos` and `fuzz`: variants of a scenario with drawn chaos, as in 0.1.3, that really inject it.

For exploring; a search with coverage, shrinking and stored failures is `agent-chaos fuzz`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from hashlib import blake2b
from random import Random
from typing import overload

from agent_chaos.chaos.builder import Chaos
from agent_chaos.errors import UsageError
from agent_chaos.scenario.model import BaselineScenario, ChaosScenario, Scenario
from agent_chaos.search.variants.call_slot import assumed_slots, free, recorded_slots
from agent_chaos.search.variants.chaos_space import ChaosSpace
from agent_chaos.search.variants.drawing import Draw, drawing
from agent_chaos.search.variants.recorded_trace import recorded_run

_REDRAWS = 20


def fuzz_chaos(
    scenario: Scenario,
    n: int = 10,
    seed: int | None = None,
    space: ChaosSpace | None = None,
    tag: str = "fuzz",
) -> list[ChaosScenario]:
    """Variants of a scenario with drawn chaos on top of its own, named `<scenario>--fuzz-<i>` (`--<tag>-<i>`).

    Where the scenario was recorded, only what can act at a recorded call is drawn, and the first fault of each variant
    to be reached strikes for certain; otherwise calls are those that every run makes. The same seed, space and recording
    give the same variants; without a seed it comes from the scenario's name.

    Args:
        n: how many.
        tag: added to the scenario's tags.

    Raises:
        UsageError: nothing in the space can act on the scenario.
    """
    space = space or ChaosSpace()
    # Not `hash`, which differs from process to process: pytest-xdist has each worker collect the same
    # variants.
    seed = _seed_of(scenario.name) if seed is None else seed
    draw = _drawing(scenario, space)
    rng = Random(seed)
    seen: set[str] = set()
    return [_variant(scenario, i, seed, tag, _distinct(draw, rng, seen)) for i in range(n)]


@dataclass(frozen=True)
class Fuzzing:
    """What `fuzz` gives: to be called with a scenario, or to decorate a function that returns one."""

    n: int
    seed: int | None
    space: ChaosSpace | None

    @overload
    def __call__(self, scenario: Scenario) -> list[Scenario]: ...
    @overload
    def __call__(self, scenario: Callable[[], Scenario]) -> Callable[[], list[Scenario]]: ...
    def __call__(
        self, scenario: Scenario | Callable[[], Scenario]
    ) -> list[Scenario] | Callable[[], list[Scenario]]:
        if isinstance(scenario, BaselineScenario | ChaosScenario):
            return [*fuzz_chaos(scenario, self.n, self.seed, self.space)]
        made = scenario

        @wraps(made)
        def variants() -> list[Scenario]:
            return [*fuzz_chaos(made(), self.n, self.seed, self.space)]

        return variants


def fuzz(n: int = 10, seed: int | None = None, space: ChaosSpace | None = None) -> Fuzzing:
    """`fuzz_chaos` for later: `fuzz(n=20)(scenario)` gives the variants, `@fuzz(n=20)` makes a function give them."""
    return Fuzzing(n, seed, space)


def _drawing(scenario: Scenario, space: ChaosSpace) -> Draw:
    run = recorded_run(scenario)
    slots = recorded_slots(scenario, run) if run else assumed_slots(scenario, _tools(space))
    draw = drawing(space, free(slots, scenario.every_chaos))
    if not draw.places:
        where = "at a call of its recording" if run else "at a scenario that was never recorded"
        raise UsageError(
            f"{scenario.name}: nothing in the ChaosSpace can act {where}; enable a place, or name tools it calls"
        )
    return draw


def _tools(space: ChaosSpace) -> tuple[str, ...]:
    if not space.tool.enabled:
        return ()
    return space.tool.targets or (("",) if space.tool.fuzz_any else ())


def _seed_of(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=4).digest(), "big")


def _distinct(draw: Draw, rng: Random, seen: set[str]) -> tuple[Chaos, ...]:
    """Chaos that no variant before has, where there is such."""
    drawn = draw.chaos(rng)
    for _ in range(_REDRAWS):
        if _written(drawn) not in seen:
            break
        # Small spaces run out of variants; then one comes twice rather than fewer than `n`, which a test may
        # count on.
        drawn = draw.chaos(rng)
    seen.add(_written(drawn))
    return drawn


def _written(chaos: tuple[Chaos, ...]) -> str:
    return ", ".join(map(str, chaos))


def _variant(scenario: Scenario, number: int, seed: int, tag: str, drawn: tuple[Chaos, ...]) -> ChaosScenario:
    """A fault behind one that ended its turn cannot strike, and that is no fault of the variant's."""
    told = f"fuzz seed {seed}, variant {number}: {_written(drawn)}"
    own = scenario if isinstance(scenario, ChaosScenario) else None
    changed = {
        "name": f"{scenario.name}--{tag or 'fuzz'}-{number}",
        "description": f"{scenario.description} [{told}]".strip(),
        "tags": (*scenario.tags, *([tag] if tag else [])),
        "meta": {**scenario.meta, "_parent": scenario.recorded_as},
        "chaos": (*(own.chaos if own else ()), *drawn),
        "parent": scenario.recorded_as,
        # One that was drawn alone sits at a recorded call and must strike. Of several, the first may end the
        # turn in which the next would have.
        "allow_unfired": (own is not None and own.allow_unfired) or len(drawn) > 1,
    }
    # Not `model_dump`, which would make dictionaries of the turns and of the agent's own objects.
    fields = {name: getattr(scenario, name) for name in type(scenario).model_fields}
    return ChaosScenario(**{**fields, **changed})
