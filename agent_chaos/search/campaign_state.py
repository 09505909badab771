"""The state of a campaign while it runs: what ran, how it ended, what it covered, and whether there is budget left."""

from __future__ import annotations

from collections import Counter
from time import perf_counter

from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.verdict import Outcome, Verdict
from agent_chaos.search.campaign import Listener, Phase, Progress, Subject, Warned
from agent_chaos.search.memo import Memo
from agent_chaos.search.schedule import pairs_of
from agent_chaos.search.space import singles_of


class Tally:
    """Runs examples and counts them.

    Args:
        max_examples: examples after which `over` holds; a later round may allow itself more, up to the time.
        max_time_s: real seconds after which the campaign is `late`.
    """

    def __init__(
        self, subject: Subject, max_examples: int, max_time_s: float | None, listener: Listener
    ) -> None:
        self.started = perf_counter()
        self.memo = Memo(subject)
        self.subject = subject
        self.max_examples = max_examples
        self.total = max_examples
        self._end = None if max_time_s is None else self.started + max_time_s
        self._listener = listener
        self.verdicts: Counter[Verdict] = Counter()
        self.named: Counter[str] = Counter()
        self.fired: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.open: dict[str, Plan] = {}
        self.warned: dict[str, Warned] = {}
        self.found: dict[str, tuple[Plan, Outcome]] = {}
        self.singles_run: set[tuple[str, str]] = set()
        self.singles: set[tuple[str, str]] = set()
        self.pairs: set[frozenset[tuple[str, str]]] = set()
        self.first_error = ""
        self.seen: set[str] = set()
        self.outcomes: list[Outcome] = []

    @property
    def examples(self) -> int:
        return self.verdicts.total()

    @property
    def late(self) -> bool:
        """Whether the time is used up."""
        return self._end is not None and perf_counter() >= self._end

    @property
    def over(self) -> bool:
        """Whether examples or time are used up."""
        return self.examples >= self.max_examples or self.late

    def example(self, plan: Plan) -> Outcome:
        """Runs a plan and counts it as an example; a repeated one is known and does not count."""
        if plan.to_json() in self.seen:
            return self.memo(plan)
        self.seen.add(plan.to_json())
        outcome = self.memo(plan)
        self._count(plan, outcome)
        self.tell("search", self.examples, max(self.total, self.examples))
        return outcome

    def _count(self, plan: Plan, outcome: Outcome) -> None:
        self.verdicts[outcome.verdict] += 1
        self.outcomes.append(outcome)
        fired = Plan.of(outcome.trace.fired)
        self.named.update({placed.fault.kind for placed in plan.faults})
        self.fired.update({fault.kind for _, fault in outcome.trace.fired})
        self.singles_run |= singles_of(plan)
        self.singles |= singles_of(fired)
        self.pairs |= pairs_of(fired)
        if outcome.verdict is Verdict.UNDECIDED:
            self.reasons[outcome.reason] += 1
            self._keep_undecided(plan, outcome.reason)
        if outcome.verdict is Verdict.HARNESS_ERROR:
            self.first_error = self.first_error or outcome.reason
        self._warn(plan, outcome)
        self.note(plan, outcome)

    def _keep_undecided(self, plan: Plan, reason: str) -> None:
        """Keeps the plan with the fewest faults for each reason."""
        known = self.open.get(reason)
        if known is None or len(plan) < len(known):
            self.open[reason] = plan

    def _warn(self, plan: Plan, outcome: Outcome) -> None:
        for violation in {
            one.fingerprint: one for one in outcome.violations if one.severity == "warning"
        }.values():
            known = self.warned.get(violation.fingerprint)
            self.warned[violation.fingerprint] = (
                known.model_copy(update={"examples": known.examples + 1})
                if known
                else Warned(violation=violation, plan=str(plan))
            )

    def note(self, plan: Plan, outcome: Outcome) -> None:
        """Keeps the plan with the fewest faults seen for each failure; of equals the first, the most telling one."""
        for fingerprint in outcome.fingerprints:
            known = self.found.get(fingerprint)
            if known is None or len(plan) < len(known[0]):
                self.found[fingerprint] = (plan, outcome)

    def tell(self, phase: Phase, done: int, total: int) -> None:
        seconds = perf_counter() - self.started
        failures = self.verdicts[Verdict.FAIL]
        self._listener(Progress(phase, done, total, failures, seconds, tuple(self.found)))
