"""The usual search: plans of several faults from the first example on, steered by what each way of drawing still yields."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from agent_chaos.faults.plan import Plan
from agent_chaos.search.checkpoints.shard import WHOLE, Shard
from agent_chaos.search.digests import Digests
from agent_chaos.search.example import Example
from agent_chaos.search.space import Space
from agent_chaos.search.strategies.combining import Combiner
from agent_chaos.search.strategies.knowledge import Knowledge
from agent_chaos.search.strategies.random_phase import RandomPhase
from agent_chaos.search.strategies.sweep import MenuCandidate

_ARMS = {
    "alone": 8.0,
    "through": 4.0,
    "storm": 2.0,
    "spread": 2.0,
    "waits": 2.0,
    "changed": 1.0,
    "random": 1.0,
}
"""How often each way of drawing is used before anything is known."""
_ARRIVES = 0.65
"""Of the faults of combinations, how many must be met for one more to be worth its place behind them."""
_WHOLE = (0.5, 0.75)
"""Of the combinations, how many must be met to the last fault for two such, or three."""
_PATIENCE = 2
"""How many uses of an arm its first share weighs."""
_STALE_DRAWS = 100


class GroupTesting:
    """Draws plans by several arms, and the arms by what they taught."""

    def __init__(
        self, space: Space, seed: int, knowledge: Knowledge | None = None, *, shard: Shard = WHOLE
    ) -> None:
        self.knowledge = knowledge or Knowledge()
        self._combiner = Combiner(space, self.knowledge, Random(seed), shard)
        # Several faults in one run are worth more than one: most are survived, so that a run of five tests
        # five of them. What it costs is that a failure has more than one suspect, which shrinking pays for
        # once, not for each example.
        self._arms: dict[str, Callable[[], list[MenuCandidate]]] = {
            "alone": self._combiner.alone,
            "through": self._combiner.through,
            "storm": self._combiner.storm,
            "spread": self._combiner.spread,
            "waits": self._combiner.waits,
        }
        # Replies only: a fault of a tool makes the model's next reply one that nobody recorded, and what
        # Hypothesis is guided by (waits, calls) is then decided by replay.
        self._random = RandomPhase(space.of_replies, seed)
        self._used = dict.fromkeys(_ARMS, 0)
        self._yield = dict.fromkeys(_ARMS, 0.0)
        self._by: dict[bytes, str] = {}
        self._seen = Digests()
        self._size = space.scope.size

    def ask(self, most: int) -> Sequence[Plan]:
        plans: list[Plan] = []
        stale = 0
        # A small space is used up long before its budget; what was drawn in vain a hundred times is taken
        # for that.
        while self._combiner.sites and len(plans) < most and stale < _STALE_DRAWS:
            arm = self._next_arm()
            self._used[arm] += 1
            plan = self._proposed(arm)
            if plan is None or not self._fits(plan) or not self._seen.add(plan.key):
                if arm == "random" and plan is not None:
                    self._random.pass_over()
                stale += 1
                continue
            self._by[plan.key] = arm
            plans.append(plan)
        return plans

    def _fits(self, plan: Plan) -> bool:
        """Whether it has as many faults as the space allows; a changed plan may have grown beyond."""
        least, most = self._size
        return max(1, least) <= len(plan) <= most

    def _proposed(self, arm: str) -> Plan | None:
        if arm == "random":
            return next(iter(self._random.ask(1)), None)
        if arm == "changed":
            return self._combiner.changed(self.knowledge.recent)
        choices = self._combiner.best(self._arms[arm])
        probes = min(self._probes(), self._size[1]) if choices else 1
        choices = self._combiner.probed(choices, probes)
        # The last ones, not the first: the fault that the agent may not survive stands at the end.
        return self._combiner.plan(choices[-self._size[1] :])

    def _probes(self) -> int:
        """How many faults that the agent may not survive stand behind a combination."""
        known = self.knowledge
        return (known.arrives >= _ARRIVES) + sum(known.whole >= share for share in _WHOLE)

    def _next_arm(self) -> str:
        """The arm that is furthest behind its share."""
        # Not drawn at random: equal knowledge asks for the same arm, and no arm can starve.
        return min(_ARMS, key=lambda arm: (self._used[arm] + 1) / self._share(arm))

    def _share(self, arm: str) -> float:
        weight = _ARMS[arm]
        if arm == "alone":
            # What arrives behind others needs no run of its own.
            weight *= 2 * (1 - self.knowledge.arrives)
        return weight * (self._yield[arm] + _PATIENCE) / (self._used[arm] + _PATIENCE)

    def tell(self, example: Example) -> None:
        taught = self.knowledge.learn(example)
        self._random.tell(example)
        arm = self._by.pop(example.plan.key, None)
        if arm is not None:
            self._yield[arm] += taught

    def close(self) -> None:
        """Ends what draws in the background."""
        self._random.close()
