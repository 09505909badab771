"""Remembers how plans failed, so that no plan is run twice: by the plan, and by the part of it that fired."""

from __future__ import annotations

from collections.abc import Mapping

from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.verdict import Outcome, Verdict
from agent_chaos.runtime import interrupts
from agent_chaos.search.subject import Subject


class Memo:
    """Runs plans of a subject, each once; `afresh`: each after a run without faults. `runs` counts those that really ran."""

    def __init__(
        self,
        subject: Subject,
        known: Mapping[bytes, frozenset[str]] | None = None,
        *,
        afresh: bool = False,
    ) -> None:
        self._afresh = afresh
        self._subject = subject
        self._known: dict[bytes, frozenset[str]] = dict(known or {})
        self._verdicts: dict[bytes, Verdict] = {}
        self.runs = 0

    def __call__(self, plan: Plan) -> frozenset[str]:
        """What fails under a plan."""
        known = self.known(plan)
        return self.run(plan).fingerprints if known is None else known

    def run(self, plan: Plan) -> Outcome:
        """Runs a plan, known or not."""
        # Between runs: a Ctrl-C that comes within one is kept until the run is over, so that the agent does
        # not swallow it.
        interrupts.raise_pending()
        if self._afresh and plan.faults:
            self._subject.trial(Plan())
            self.runs += 1
        outcome = self._subject.trial(plan)
        self.runs += 1
        self._known[plan.key] = outcome.fingerprints
        self._verdicts[plan.key] = outcome.verdict
        # What fired of it fails the same way; where that plan has run itself, its own run counts.
        self._known.setdefault(Plan.of(outcome.trace.fired).key, outcome.fingerprints)
        return outcome

    def known(self, plan: Plan) -> frozenset[str] | None:
        """What fails under a plan that ran before, whole or as what fired of a larger one."""
        return self._known.get(plan.key)

    def verdict(self, plan: Plan) -> Verdict | None:
        """The verdict on a plan that this memo ran."""
        return self._verdicts.get(plan.key)
