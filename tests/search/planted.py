"""Failures with a known cause: a real scenario that survives every fault, an oracle that fails by what fired, and
random plans around the cause. The smallest plan of each is known without searching.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from random import Random

import anthropic

from agent_chaos.faults.fault import Fault
from agent_chaos.faults.plan import Placed, Plan, Site
from agent_chaos.oracles.oracle import Evidence, Gravity, Severity, Violation
from agent_chaos.scenario.model import BaselineScenario
from agent_chaos.search.shrink import ShrinkResult, smallest_plan
from agent_chaos.search.space import Menu, Space, edge_biased
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trial.rehearsal import Rehearsal
from tests.spoken import spoken
from tests.standin.said import Called, Said
from tests.trials import recorded

QUESTIONS = 6
FAULTS = 5
_RETRIED = ("connect_error", "rate_limit", "rate_limit_plain", "server_error", "reset_before_headers")
CAUSES = (1, 2, 3)
"""How many faults a cause has, in turn."""


def _said(number: int) -> Said:
    if number % 3 == 2:
        return Said("I look it up.", (Called("look_up", ('{"order": "A-', '17", "amount": 15', "00}")),))
    return Said(f"Answer number {number} is forty-two, as ever.")


def _ask(client: anthropic.Anthropic, number: int) -> str:
    asked = {
        "model": "claude-sonnet-5",
        "max_tokens": 99,
        "messages": [{"role": "user", "content": f"Question {number}?"}],
    }
    if not number % 2:
        return str(client.messages.create(**asked).content)
    with client.messages.stream(**asked) as stream:
        return str(stream.get_final_message().content)


def survivor(ctx: object, text: str, retries: int = 1) -> str:
    """Asks questions that have nothing to do with each other, retries once, and goes on whatever happens."""
    client = anthropic.Anthropic(max_retries=retries)
    answered = 0
    for number in range(QUESTIONS):
        try:
            answered += bool(_ask(client, number))
        except Exception:
            continue
    return f"{answered} answers"


def patient(ctx: object, text: str) -> str:
    """The survivor, retrying twice."""
    return survivor(ctx, text, retries=2)


@dataclass(frozen=True)
class Condition:
    """One fault of a cause: its kind and opening, at one exchange or any, at one serving or any, its least numbers."""

    kind: str
    choice: tuple[tuple[str, object], ...]
    index: int | None
    serving: int | None
    least: tuple[tuple[str, int], ...] = ()

    @classmethod
    def of(cls, placed: Placed) -> Condition:
        """That this fault fired, where it is placed."""
        fields = placed.fault.model_dump(exclude={"kind"})
        return cls(placed.fault.kind, tuple(fields.items()), placed.site.index, placed.site.serving)

    def holds(self, site: Site, fault: Fault) -> bool:
        return (
            fault.kind == self.kind
            and self.index in (None, site.index)
            and self.serving in (None, site.serving)
            and all(getattr(fault, name) == value for name, value in self.choice)
            and all(getattr(fault, name) >= value for name, value in self.least)
        )

    def meeting(self, space: Space) -> Iterator[Placed]:
        """The faults of the space that meet the condition with its least numbers, mildest first."""
        menu = space.menu(self.kind)
        assert menu is not None
        values = [dict(self.least)[name] for name, _, _ in menu.numbers]
        placed = (menu.placed(entry, values) for entry in menu.entries)
        return (one for one in placed if self.holds(one.site, one.fault))


@dataclass(frozen=True)
class PlantedOracle:
    """Fails where a fired fault meets each condition."""

    cause: tuple[Condition, ...]
    name: str = "planted"
    needs: Fidelity = Fidelity.MISS
    gravity: Gravity = Gravity.WASTE
    severity: Severity = "error"
    timed: bool = False

    def judge(self, evidence: Evidence) -> Iterator[Violation]:
        if met(self.cause, evidence.trace.fired):
            yield Violation(oracle=self.name, subject="cause", reason="it was planted", advice="none")


def met(cause: Iterable[Condition], fired: Iterable[tuple[Site, Fault]]) -> bool:
    faults = list(fired)
    return all(any(one.holds(site, fault) for site, fault in faults) for one in cause)


@dataclass(frozen=True)
class Planted:
    """A failing plan of five faults that all fire, who shows that it fails, and the smallest plan that fails the same way."""

    subject: Rehearsal
    cause: tuple[Condition, ...]
    plan: Plan
    smallest: Plan

    def shrunk(self) -> ShrinkResult:
        return smallest_plan(self.subject, self.plan, "planted:cause")


def planted(number: int) -> Planted:
    """Case `number`: a cause of one, two or three faults in turn. The same number gives the same case."""
    rng = Random(number)
    subject = survivor_judged_by()
    space = _space_with_retries(subject)
    while True:
        cause = tuple(_cause(space, rng, CAUSES[number % len(CAUSES)]))
        plan = _around(space, rng, cause)
        fired = subject.trial(plan).trace.fired
        if len(fired) == FAULTS and met(cause, fired):
            smallest = _plan(next(one.meeting(space)) for one in cause)
            return Planted(survivor_judged_by(PlantedOracle(cause), like=subject), cause, plan, smallest)


def survivor_judged_by(
    *judges: PlantedOracle, like: Rehearsal | None = None, agent: Callable[[object, str], str] = survivor
) -> Rehearsal:
    """The survivor, recorded once; judged by nothing but these."""
    scenario = BaselineScenario(name="survivor", agent=agent, turns=("go",), pure_tools=("look_up",))
    replies = (spoken("anthropic_messages", _said(i), i, stream=bool(i % 2)) for i in range(QUESTIONS))
    cassette = like.cassette if like else recorded(scenario, replies)
    return Rehearsal(scenario, cassette=cassette, judges={one.name: one for one in judges})


def _space_with_retries(subject: Rehearsal) -> Space:
    """The space of the clean run and of a run in which every call is retried."""
    space = Space.of(subject.clean)
    menu = space.menu("server_error")
    assert menu is not None
    everywhere = Plan(faults=tuple(menu.placed(entry, ()) for entry in menu.entries))
    trace = subject.trial(everywhere).trace
    return space.extended((call.site, ()) for call in trace.calls if call.site is not None)


def _cause(space: Space, rng: Random, faults: int) -> Iterator[Condition]:
    """Conditions at distinct exchanges; a cause of two or more may be a retried call whose retry is faulted too."""
    free, alone = rng.sample(range(QUESTIONS), QUESTIONS), faults == 1
    if faults > 1 and rng.random() < 0.5:
        yield _condition(space.menu(rng.choice(_RETRIED)), rng, free[-1], 0)
        yield _condition(_menu_at(space, rng, free[-1]), rng, free[-1], 1)
        free, faults = free[:-1], faults - 2
    for index in free[:faults]:
        found = _condition(_menu_at(space, rng, index), rng, index, rng.choice((0, None)))
        yield replace(found, index=None) if alone and rng.random() < 0.3 else found


def _menu_at(space: Space, rng: Random, index: int) -> Menu:
    return rng.choice([menu for menu in space.menus if any(e.site.index == index for e in menu.entries)])


def _condition(menu: Menu | None, rng: Random, index: int, serving: int | None) -> Condition:
    assert menu is not None
    entry = rng.choice([one for one in menu.entries if one.site.index == index])
    least = tuple((name, edge_biased((name, low, high), rng)) for name, low, high in menu.numbers)
    return Condition(menu.kind, entry.choice, index, serving, least)


def _around(space: Space, rng: Random, cause: tuple[Condition, ...]) -> Plan:
    """The cause with numbers larger, servings and sites later than need be, among faults that it does not need."""
    needed = [_more(space, rng, rng.choice(list(one.meeting(space)))) for one in cause]
    others = [
        _server_error(space, placed.site)
        for one, placed in zip(cause, needed, strict=True)
        if placed.site.serving and one.serving is None
    ]
    while len(plan := _plan([*needed, *others])) < FAULTS:
        menu = rng.choice(space.menus)
        others.append(menu.placed(rng.choice(menu.entries), [edge_biased(b, rng) for b in menu.numbers]))
    return plan


def _plan(faults: Iterable[Placed]) -> Plan:
    return Plan.of((one.site, one.fault) for one in faults)


def _server_error(space: Space, retried: Site) -> Placed:
    """What makes the agent come to a site that is a retry."""
    menu = space.menu("server_error")
    assert menu is not None
    first = retried.model_copy(update={"serving": 0})
    return next(menu.placed(entry, ()) for entry in menu.entries if entry.site == first)


def _more(space: Space, rng: Random, placed: Placed) -> Placed:
    menu = space.menu(placed.fault.kind)
    assert menu is not None
    more = {name: rng.randint(getattr(placed.fault, name), high) for name, _, high in menu.numbers}
    return placed.model_copy(update={"fault": placed.fault.model_copy(update=more)})
