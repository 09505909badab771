"""What a bug of the corpus is, and the words in which their conditions are written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from agent_chaos.faults.catalogue import fault_type
from agent_chaos.faults.fault import Fault
from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.verdict import Outcome
from agent_chaos.scenario.model import BaselineScenario
from benchmarks.bugs.agents import Base
from benchmarks.bugs.desk import STURDY, Condition, History, Manner, Seen


@dataclass(frozen=True)
class Agent:
    """A desk without a bug, on one SDK."""

    base: Base
    manner: Manner

    @property
    def name(self) -> str:
        return f"{self.base.name}_{self.manner.attempts}"

    def scenario(self) -> BaselineScenario:
        return self.base.scenario(self.name, self.manner, lambda seen: False)


@dataclass(frozen=True)
class Bug:
    """One agent with one bug.

    `issue` is the public report it is modelled on; `smallest` the smallest plan known to show it, a line a fault; a
    fault of another kind that looks the same to the agent is as small. `oracle` is the one that sees it.
    """

    name: str
    issue: str
    words: str
    base: Base
    condition: Condition
    smallest: tuple[str, ...]
    manner: Manner = STURDY
    oracle: str = "unhandled_exception"

    @property
    def sturdy(self) -> bool:
        """Whether the agent survives single faults; else its runs often end at their first."""
        return self.manner.attempts > 3

    def scenario(self) -> BaselineScenario:
        return self.base.scenario(self.name, self.manner, self.condition)

    def plan(self) -> Plan:
        """The smallest plan known."""
        return Plan.of(_placed(line) for line in self.smallest)

    def seen_in(self, outcome: Outcome) -> bool:
        """Whether a run shows the bug."""
        return any(violation.oracle == self.oracle for violation in outcome.violations)


def _placed(line: str) -> tuple[str, Fault]:
    """`call 1.2 rate_limit retry_after_s=5` as a site and a fault."""
    of, index, kind, *fields = line.split()
    pairs = (field.split("=") for field in fields)
    given = {name: int(value) if value.isdigit() else value for name, value in pairs}
    return f"{of} {index}", fault_type(kind)(**given)


def attempts(seen: History) -> list[Seen]:
    """The attempts at calls, without the tools."""
    return [one for one in seen if one.attempt >= 0]


def failures(seen: History, *what: str) -> list[Seen]:
    """The failed attempts, all or those that ended so."""
    return [one for one in attempts(seen) if one.failed and (not what or one.what in what)]


def at(seen: History, step: int, *what: str) -> list[Seen]:
    """The failed attempts at one call."""
    return [one for one in failures(seen, *what) if one.step == step]


def in_a_row(seen: History) -> list[Seen]:
    """The failed attempts at the call that was asked last, since it last succeeded."""
    last = attempts(seen)[-1] if attempts(seen) else None
    return [] if last is None or not last.failed else at(seen, last.step)


def tools(seen: History, *what: str) -> list[Seen]:
    """Runs of tools, all or those that ended so."""
    return [one for one in seen if one.attempt < 0 and (not what or one.what in what)]


def steps(seen: Iterable[Seen]) -> set[int]:
    """The calls concerned."""
    return {one.step for one in seen}


def has_order(seen: History, *what: str) -> bool:
    """Whether failures of these kinds came one after the other, with others in between or not."""
    left = list(what)
    for one in failures(seen):
        if left and one.what == left[0]:
            left.pop(0)
    return not left
