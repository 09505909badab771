"""Failures on disk from the moment they are met, so that nothing that ends the process early takes them along."""

from __future__ import annotations

from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.oracle import Violation
from agent_chaos.search.corpus.baseline import Baseline
from agent_chaos.search.corpus.failure_files import Corpus, failure_of
from agent_chaos.search.subject import Subject


class Journal:
    """Stores each failure of one campaign as it is first met: not made small yet, and marked so.

    A failure that is stored already, and may have been made small, stays as it is; so does one that is accepted.
    """

    def __init__(self, corpus: Corpus | None, subject: Subject, baseline: Baseline, seed: int) -> None:
        self._corpus, self._subject, self._baseline, self._seed = corpus, subject, baseline, seed
        # Read once: a campaign meets some failure in every second example.
        stored = corpus.load_all() if corpus is not None else []
        self._known = {one.fingerprint for one in stored if one.scenario == subject.name}

    def met(self, violation: Violation, plan: Plan) -> None:
        """Stores a failure, unless it is known."""
        fingerprint = violation.fingerprint
        if self._corpus is None or fingerprint in self._known:
            return
        self._known.add(fingerprint)
        if not self._baseline.in_force(self._subject.name, (fingerprint,)):
            self._corpus.save(
                failure_of(self._subject, violation, plan, seed=self._seed, smallest=False, checks=0)
            )
