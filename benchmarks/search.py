"""How soon bugs are found, by this search and by others, on the same agents in the same run.

Run: python -m benchmarks.search [--examples N] [--seeds K] [--only NAME …] [--missed] [--shrink N] [--sound N]

A bug of the corpus shows itself the first time its condition holds in a run; until then its agent is the sound one. So one
search of each sound agent tells when each of its bugs would have been found.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from itertools import groupby, islice
from pathlib import Path
from statistics import mean

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from agent_chaos.faults.plan import Plan
from agent_chaos.search.example import Example, examined
from agent_chaos.search.search import find_failures
from agent_chaos.search.shrink import smallest_plan
from agent_chaos.search.space import Space
from agent_chaos.search.strategies.group_testing import GroupTesting
from agent_chaos.search.strategies.random_phase import RandomPhase
from agent_chaos.trial.rehearsal import Rehearsal
from benchmarks.alternatives import independent, rates, singles_then_pairs, uniform, variants
from benchmarks.bugs.bug import Bug
from benchmarks.bugs.corpus import BUGS, SOUND, corpus_rehearsal
from benchmarks.bugs.desk import History

MARKS = (25, 50, 100, 200, 1000)
Run = Callable[[Plan], Example]
Search = Callable[[Space, int, int, Run], None]
"""Runs so many plans of a space, drawn from a seed."""


def ours(space: Space, seed: int, examples: int, run: Run) -> None:
    """The search of agent-chaos, in the batches of its loop."""
    _asked(GroupTesting(space, seed), 8, examples, run)


def hypothesis(space: Space, seed: int, examples: int, run: Run) -> None:
    """Hypothesis alone, with `target()`."""
    _asked(RandomPhase(space, seed), 1, examples, run)


def hypothesis_lists(space: Space, seed: int, examples: int, run: Run) -> None:
    """Lists of faults as Hypothesis draws them, without what came of the runs."""
    phase = RandomPhase(space, seed)
    for _ in range(examples):
        for plan in phase.ask(1):
            run(plan)
        phase.pass_over()
    phase.close()


def _asked(strategy: GroupTesting | RandomPhase, size: int, examples: int, run: Run) -> None:
    done = 0
    while done < examples and (plans := strategy.ask(min(size, examples - done))):
        for example in [run(plan) for plan in plans]:
            strategy.tell(example)
        done += len(plans)
    strategy.close()


def _drawing(plans: Callable[[Space, int], Iterator[Plan]]) -> Search:
    def search(space: Space, seed: int, examples: int, run: Run) -> None:
        seen: set[bytes] = set()
        for plan in plans(space, seed):
            if plan.key not in seen:
                seen.add(plan.key)
                run(plan)
            if len(seen) >= examples:
                return

    return search


SEARCHES: dict[str, Search] = {
    "agent-chaos": ours,
    "uniform, 1-3 faults": _drawing(uniform),
    "each request with p = 0.1": _drawing(independent),
    "rates of a mock server": _drawing(rates),
    "fuzz_chaos of 0.1.3": _drawing(variants),
    "Hypothesis, lists of faults": hypothesis_lists,
    "Hypothesis with target()": hypothesis,
    "singles, then pairs": _drawing(singles_then_pairs),
}


class Watched:
    """The sound agent of some bugs, and the example at which each bug's condition first held."""

    def __init__(self, bugs: list[Bug]) -> None:
        self._bugs = bugs
        self.found: dict[str, int] = {}
        self._number = 0
        one = bugs[0]
        scenario = one.base.scenario("watched", one.manner, self._seen)
        self.subject = Rehearsal(scenario, cassette=one.base.cassette)
        self.subject.prepare()
        self.space = Space.of(self.subject.clean)

    def _seen(self, history: History) -> bool:
        for bug in self._bugs:
            if self._number and bug.name not in self.found and bug.condition(history):
                self.found[bug.name] = self._number
        return False

    def run(self, plan: Plan) -> Example:
        self._number += 1
        return examined(plan, self.subject.trial(plan), self.space, self.subject.clean)


def found_at(search: Search, seed: int, examples: int) -> list[tuple[Bug, int | None]]:
    """For each bug that is a condition the example that shows it; those that are habits are left out."""
    bugs = [bug for bug in BUGS if not bug.manner.habits]

    def agent(bug: Bug) -> tuple[str, int]:
        return bug.base.name, bug.manner.attempts

    results: list[tuple[Bug, int | None]] = []
    for _, group in groupby(sorted(bugs, key=agent), key=agent):
        watched = Watched(alike := list(group))
        search(watched.space, seed, examples, watched.run)
        results += [(bug, watched.found.get(bug.name)) for bug in alike]
    return results


def compare(names: list[str], seeds: int, examples: int, *, missed: bool) -> None:
    """Prints what share of the bugs each search found within so many examples: mean, least and most of the seeds."""
    marks = [mark for mark in MARKS if mark <= examples]
    print(f"| search | bugs | {' | '.join(f'within {mark}' for mark in marks)} |")
    print(f"| --- | --- |{' --- |' * len(marks)}")
    for name in names:
        runs = [found_at(SEARCHES[name], seed, examples) for seed in range(seeds)]
        for half, of in (("all", None), ("sturdy", True), ("fragile", False)):
            some = [[at for bug, at in run if of is None or bug.sturdy is of] for run in runs]
            cells = " | ".join(_share(some, mark) for mark in marks)
            print(f"| {name} | {half}, {len(some[0])} | {cells} |", flush=True)
        for found in zip(*runs, strict=True) if missed else ():
            if any(at is None for _, at in found):
                print(f"  {name} misses {found[0][0].name}: found at {[at for _, at in found]}")


def _share(runs: list[list[int | None]], mark: int) -> str:
    shares = [mean(at is not None and at <= mark for at in run) for run in runs]
    spread = f" ({min(shares):.0%} to {max(shares):.0%})" if len(shares) > 1 else ""
    return f"{mean(shares):.0%}{spread}"


def shrunk(limit: int) -> None:
    """Prints what shrinking makes of a plan around each bug: the faults it needs among others that it does not."""
    runs, least, exact = [], 0, 0
    for bug in BUGS[:limit]:
        subject, smallest = corpus_rehearsal(bug), bug.plan()
        subject.prepare()
        plan, fingerprint = _around(bug, subject)
        result = smallest_plan(subject, plan, fingerprint)
        runs.append(result.runs)
        least += len(result.plan) <= len(smallest)
        as_small = len(result.plan) <= len(smallest) and _numbers(result.plan) <= _numbers(smallest)
        exact += as_small
        if not as_small:
            print(f"{bug.name}: {result.runs} runs, {result.plan}; the smallest known is {smallest}")
    print(
        f"shrinking: {exact} of {len(runs)} as small as any known, {least} with as few faults, "
        f"{mean(runs):.0f} runs in the mean, {max(runs)} at most"
    )


def _around(bug: Bug, subject: Rehearsal) -> tuple[Plan, str]:
    """A plan that shows a bug by more faults than it takes, where one is found, and what failed."""
    smallest = bug.plan()
    for others in islice(uniform(Space.of(subject.clean), 0), 12):
        plan = Plan.of((one.site, one.fault) for one in (*smallest.faults, *others.faults))
        found = [one for one in subject.trial(plan).errors if one.oracle == bug.oracle]
        if found and len(plan) > len(smallest):
            return plan, found[0].fingerprint
    found = [one for one in subject.trial(smallest).errors if one.oracle == bug.oracle]
    return smallest, found[0].fingerprint


def _numbers(plan: Plan) -> int:
    """The sum of the numbers of a plan's faults, apart from which call of a reply they strike."""
    fields = (one.fault.model_dump(exclude={"kind", "call"}) for one in plan.faults)
    return sum(value for field in fields for value in field.values() if isinstance(value, int | float))


def false_alarms(examples: int) -> int:
    """Prints every finding on an agent without a bug; how many there are."""
    total = 0
    for agent in SOUND:
        campaign = find_failures(corpus_rehearsal(agent), max_examples=examples, max_shrink_runs=0)
        total += len(campaign.findings)
        for finding in campaign.findings:
            print(f"false alarm on {agent.name}: {finding.failure.fingerprint} under {finding.failure.plan}")
    print(f"false alarms: {total} in {examples} examples of each of {len(SOUND)} sound agents")
    return total


def main() -> int:
    options = argparse.ArgumentParser(description="How soon bugs are found, by this search and by others.")
    options.add_argument("--examples", type=int, default=200)
    options.add_argument("--seeds", type=int, default=1)
    options.add_argument("--only", nargs="*", choices=list(SEARCHES), default=list(SEARCHES))
    options.add_argument("--missed", action="store_true", help="also name the bugs that were not found")
    options.add_argument("--shrink", type=int, default=len(BUGS), help="bugs whose plans are shrunk")
    options.add_argument("--sound", type=int, default=200, help="examples of each sound agent")
    asked = options.parse_args()
    compare(asked.only, asked.seeds, asked.examples, missed=asked.missed)
    if asked.shrink:
        shrunk(asked.shrink)
    return bool(asked.sound and false_alarms(asked.sound))


if __name__ == "__main__":
    sys.exit(main())
