"""Remembers how plans ended, so that no plan is run twice: by the plan, and by the part of it that fired.

It keeps what can strike the subject as well, which every failure that is made small asks for.
"""

from __future__ import annotations

from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.verdict import Outcome
from agent_chaos.search.campaign import Subject
from agent_chaos.search.interrupt import ctrl_c_counts
from agent_chaos.search.scope import Scope
from agent_chaos.search.space import Space


class Memo:
    """Runs plans of a subject, each once. `runs` counts those that really ran."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._known: dict[str, Outcome] = {}
        self._spaces: list[tuple[Scope, Space]] = []
        self.runs = 0

    def __call__(self, plan: Plan) -> Outcome:
        """The outcome of a plan."""
        known = self.known(plan)
        if known is not None:
            return known
        with ctrl_c_counts():
            outcome = self._subject.trial(plan)
        self.runs += 1
        self._known[plan.to_json()] = outcome
        self._known.setdefault(Plan.of(outcome.trace.fired).to_json(), outcome)
        return outcome

    def known(self, plan: Plan) -> Outcome | None:
        """The outcome of a plan that ran before, whole or as what fired of a larger one."""
        return self._known.get(plan.to_json())

    def space(self, scope: Scope) -> Space:
        """Every fault of a scope that can act on the subject's clean run."""
        found = next((space for known, space in self._spaces if known is scope), None)
        if found is None:
            found = Space.of(self._subject.clean, scope)
            self._spaces.append((scope, found))
        return found
