"""The state of a campaign while it runs: what ran, how it ended, what it covered, and whether there is budget left.

Nothing in it grows with a run's size, and with the number of examples only a bit for each that failed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from agent_chaos.faults.family import Frequency
from agent_chaos.faults.plan import Placed, Plan
from agent_chaos.oracles.oracle import Violation
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.runtime import interrupts
from agent_chaos.search.campaign import Listener, Phase, Progress, Warned
from agent_chaos.search.checkpoints.stopwatch import Stopwatch
from agent_chaos.search.digests import SHAPES, Digests, Pairs, digest
from agent_chaos.search.example import Example
from agent_chaos.search.executors.executor import Executor
from agent_chaos.search.judgements import Judgements
from agent_chaos.search.space import singles_of
from agent_chaos.search.subject import Subject

_KNOWN_SIZE, _MOST_KNOWN = 2, 5_000
_SUSPICION = 60
"""What an example says against its faults, in equal shares."""
_MOST_SUSPECTS = 64
_TRIED_SUSPECTS = 3
"""Shrinking is told how plans that failed, or that have so few faults, ended; of so many at most."""


class CampaignState:
    """Runs examples and counts them.

    Args:
        max_examples: examples after which `over` holds; a later round may allow itself more, up to the time.
        max_time_s: real seconds after which the campaign is `late`.
        met: told of each failure, when it is met for the first time.
    """

    def __init__(
        self,
        subject: Subject,
        executor: Executor,
        max_examples: int,
        max_time_s: float | None,
        listener: Listener,
        met: Callable[[Violation, Plan], None] = lambda violation, plan: None,
        stopwatch: Stopwatch | None = None,
    ) -> None:
        self.stopwatch = stopwatch or Stopwatch()
        self.subject = subject
        self.executor = executor
        self.max_examples = max_examples
        self.total = max_examples
        self._max_time_s = max_time_s
        self._listener = listener
        self._met = met
        self.runs = 0
        self.judged = Judgements()
        self.named: Counter[str] = Counter()
        self.fired: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.open: dict[str, Plan] = {}
        self.warned: dict[str, Warned] = {}
        self.found: dict[str, Plan] = {}
        self.largest: dict[str, Plan] = {}
        self.violations: dict[str, Violation] = {}
        self.real_s: dict[str, float] = {}
        self.seen_in: Counter[str] = Counter()
        """The examples that showed a failure, by their numbers: a bit each."""
        self.suspects: dict[str, Counter[Placed]] = {}
        """Everyday faults of the examples that showed a failure, by failure: more for each where fewer others fired."""
        # By the plan's digest: the plans themselves would keep every fault of a campaign alive.
        self.known: dict[bytes, frozenset[str]] = {}
        self.singles_run: set[tuple[str, str]] = set()
        self.singles: set[tuple[str, str]] = set()
        self.pairs = Pairs()
        """The singles that fired together."""
        self.first_error = ""
        self.enough: Callable[[], bool] = lambda: False
        """Whether what was found ends the campaign."""
        self._seen = Digests()
        self._shapes = Digests(SHAPES)
        self.quiet = 0
        """Examples since one that failed in a new way, or went another way than all before."""

    @property
    def examples(self) -> int:
        return self.judged.verdicts.total()

    @property
    def late(self) -> bool:
        """Whether the time is used up."""
        return self._max_time_s is not None and self.stopwatch.here_s >= self._max_time_s

    @property
    def over(self) -> bool:
        """Whether examples or time are used up."""
        return self.examples >= self.max_examples or self.late

    def run(self, plans: Iterable[Plan]) -> Iterator[Example]:
        """Runs plans that did not run before, and counts them as examples, as long as there is time."""
        # A strategy may propose a plan twice; the second run would teach nothing.
        fresh = [plan for plan in plans if self._seen.add(plan.key)]
        for example in self.executor.examine(fresh):
            self._count(example)
            self.tell("search", self.examples, max(self.total, self.examples))
            yield example
            # Once the example is counted and told: what ran is not lost by Ctrl-C.
            interrupts.raise_pending()
            if self.late:
                return

    def _count(self, example: Example) -> None:
        self.runs += 1
        new_shape = self._shapes.add(digest(example.shape))
        new = new_shape or not example.fingerprints <= self.found.keys()
        self.quiet = 0 if new else self.quiet + 1
        self.judged.add(example.judged)
        fired = {(one.fault.kind, str(one.site)) for one in example.struck}
        self.named.update({placed.fault.kind for placed in example.plan.faults})
        self.fired.update({kind for kind, _ in fired})
        self.singles_run |= singles_of(example.plan)
        self.singles |= fired
        self.pairs.add(fired)
        for fingerprint in example.fingerprints:
            self.seen_in[fingerprint] |= 1 << self.examples
        self._suspect(example)
        if example.verdict is Verdict.UNDECIDED:
            self.reasons[_place(example)] += 1
            self._leave_open(example)
        if example.verdict is Verdict.HARNESS_ERROR:
            self.first_error = self.first_error or example.reason
        self._warn(example)
        self.note(example)

    def _suspect(self, example: Example) -> None:
        if not example.fingerprints:
            return
        everyday = [one for one in example.fired.faults if one.fault.own_frequency is Frequency.EVERYDAY]
        for fingerprint in example.fingerprints:
            suspects = self.suspects.setdefault(fingerprint, Counter())
            for one in everyday:
                # Those that are known go on counting, so that the likeliest stay however many others come.
                if one in suspects or len(suspects) < _MOST_SUSPECTS:
                    suspects[one] += _SUSPICION // len(example.struck)

    def usual(self, fingerprint: str) -> tuple[Plan, ...]:
        """Plans of one everyday fault each that may be all that a failure takes, the likeliest first."""
        known = self.found[fingerprint]
        # A failure of no fault is nobody's; a single everyday fault is what is looked for.
        if not known.faults or (len(known) == 1 and known.frequency is Frequency.EVERYDAY):
            return ()
        likeliest = self.suspects.get(fingerprint, Counter()).most_common(_TRIED_SUSPECTS)
        return tuple(Plan(faults=(one,)) for one, _ in likeliest)

    def _leave_open(self, example: Example) -> None:
        """Keeps the plan with the fewest faults for each reason."""
        known = self.open.get(_place(example))
        if known is None or len(example.plan) < len(known):
            self.open[_place(example)] = example.plan

    def _warn(self, example: Example) -> None:
        warnings = {one.fingerprint: one for one in example.violations if one.severity == "warning"}
        for violation in warnings.values():
            known = self.warned.get(violation.fingerprint)
            self.warned[violation.fingerprint] = (
                known.model_copy(update={"examples": known.examples + 1})
                if known
                else Warned(violation=violation, plan=str(example.plan))
            )

    def note(self, example: Example) -> None:
        """Keeps the plan with the fewest faults seen for each failure; of equals the first, the most telling one.

        Of a plan what fired of it, which is as good.
        """
        fired = example.fired if example.struck else example.plan
        for violation in example.violations:
            if violation.severity == "error":
                self._found(violation, fired, example.real_s)
        for plan in (example.plan, fired):
            # A large plan that passed is never asked for by shrinking, which only makes failing plans
            # smaller.
            if len(self.known) < _MOST_KNOWN and (example.fingerprints or len(plan) <= _KNOWN_SIZE):
                self.known.setdefault(plan.key, example.fingerprints)

    def _found(self, violation: Violation, plan: Plan, real_s: float) -> None:
        known = self.found.get(violation.fingerprint)
        if known is None or len(plan) > len(self.largest[violation.fingerprint]):
            self.largest[violation.fingerprint] = plan
        if known is None:
            self._met(violation, plan)
        # Less, not equal: of plans of one size the first stays, whatever order the others came in.
        if known is None or len(plan) < len(known):
            self.found[violation.fingerprint] = plan
            self.violations[violation.fingerprint] = violation
            self.real_s[violation.fingerprint] = real_s

    def tell(self, phase: Phase, done: int, total: int) -> None:
        failures = self.judged.verdicts[Verdict.FAIL]
        self._listener(Progress(phase, done, total, failures, self.stopwatch.seconds, tuple(self.found)))


def _place(example: Example) -> str:
    """Where an undecided example left the recording, without what was asked there."""
    return example.reason.partition(": asked")[0]
