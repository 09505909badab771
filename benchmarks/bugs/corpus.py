"""All agents of the corpus: those with a bug, and the sound ones, on which any finding is a false alarm."""

from __future__ import annotations

from agent_chaos.trial.rehearsal import Rehearsal
from benchmarks.bugs import budgets, fragile, habits, several, single
from benchmarks.bugs.agents import BASES
from benchmarks.bugs.bug import Agent, Bug
from benchmarks.bugs.desk import Manner

BUGS: tuple[Bug, ...] = (*single.BUGS, *several.BUGS, *budgets.BUGS, *fragile.BUGS, *habits.BUGS)
SOUND: tuple[Agent, ...] = tuple(
    # The clients of the corpus do not try again by themselves: one attempt is no sound answer to a single 500.
    Agent(base, Manner(attempts=n))
    for base in BASES
    for n in (2, 3, 5, 10)
)


def corpus_rehearsal(agent: Agent | Bug) -> Rehearsal:
    """An agent of the corpus, ready for trials."""
    return Rehearsal(agent.scenario(), cassette=agent.base.cassette)
