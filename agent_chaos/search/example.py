"""What is kept of an example: what the search, its figures and the report ask for later, not the whole trace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from math import inf, log2

from agent_chaos.faults.fault import Fault
from agent_chaos.faults.plan import FaultField, Plan, Site
from agent_chaos.oracles.oracle import Violation
from agent_chaos.oracles.verdict import Outcome, Verdict
from agent_chaos.search.judgements import Judged
from agent_chaos.search.scope import FaultSite
from agent_chaos.search.space import Candidate, Space
from agent_chaos.trace.trace import Answer, Call, Raised, ToolRun, Trace, Wait


@dataclass(frozen=True, slots=True)
class Struck:
    """A fault that fired. `survived`: the run went on as recorded behind it, or ended well."""

    site: Site
    fault: FaultField
    survived: bool


@dataclass(frozen=True, slots=True)
class Reached:
    """A site that the clean run has not, the faults that had fired before it, and what can strike there.

    `candidates` is empty where it is a later serving of a call of the clean run: what can strike there is known.
    """

    site: Site
    before: Plan
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """One plan that ran. `shape` is equal for runs that went the same way, whatever the faults were.

    `real_s` is what it took, infinity where it never ended.
    """

    plan: Plan
    verdict: Verdict
    violations: tuple[Violation, ...]
    reason: str
    struck: tuple[Struck, ...]
    reached: tuple[Reached, ...]
    shape: str
    virtual_s: float
    calls: int
    judged: Judged
    real_s: float = field(default=inf, compare=False)

    @property
    def fingerprints(self) -> frozenset[str]:
        """What failed; warnings do not count."""
        return frozenset(one.fingerprint for one in self.violations if one.severity == "error")

    @property
    def fired(self) -> Plan:
        """The part of the plan that fired."""
        return Plan.of((one.site, one.fault) for one in self.struck)


def examined(plan: Plan, outcome: Outcome, space: Space, clean: Trace, *, real_s: float = inf) -> Example:
    """An outcome, and the real seconds that it took, reduced to what is kept; `space` is that of the `clean` run."""
    trace = outcome.trace
    return Example(
        plan=plan,
        verdict=outcome.verdict,
        violations=outcome.violations,
        reason=outcome.reason,
        struck=tuple(_struck(outcome)),
        reached=tuple(_reached(trace, space)),
        shape=shape_of(trace),
        virtual_s=trace.virtual_s,
        calls=len(trace.calls),
        judged=Judged.of(outcome, clean),
        real_s=real_s,
    )


def _steps(trace: Trace) -> list[FaultSite]:
    steps: list[FaultSite] = [*trace.calls, *trace.tools]
    return sorted((step for step in steps if step.site is not None), key=lambda one: one.seq)


def _struck(outcome: Outcome) -> Iterator[Struck]:
    steps, left = _steps(outcome.trace), outcome.trace.left_at
    # Behind the place where the run left the recording nobody knows what a sound agent would have done.
    last = max((step.seq for step in steps if left is None or step.seq < left), default=-1)
    well = outcome.verdict is Verdict.PASS and not outcome.trace.raised
    for step in steps:
        if step.site is not None:
            yield from (Struck(step.site, fault, well or last > step.seq) for fault in step.fired)


def _reached(trace: Trace, space: Space) -> Iterator[Reached]:
    """Retries, and calls of a branch; none where a fault without an end fired, which is reached by nothing else."""
    before: list[tuple[Site, Fault]] = []
    if any(fault.endless for _, fault in trace.fired):
        return
    for step in _steps(trace):
        if step.site is not None and step.site not in space.known:
            known = space.is_serving(step.site)
            yield Reached(step.site, Plan.of(before), () if known else space.openings(step))
        before += [(step.site, fault) for fault in step.fired if step.site is not None]


def shape_of(trace: Trace) -> str:
    """A digest of which way a run went: its calls with their ends, its tools, the scale of its waits, and how it ended."""
    return blake2b("|".join(_words(trace)).encode(), digest_size=8).hexdigest()


def _words(trace: Trace) -> Iterator[str]:
    for one in trace.entries:
        if isinstance(one, Call):
            head = one.reply.head if one.reply is not None else None
            end = trace.deliveries.get(one.seq)
            yield f"{one.site} {head.status if head else 0} {(end.outcome, end.error) if end else ''}"
        elif isinstance(one, ToolRun):
            yield f"{one.site} {one.end.error_type} {one.effect}"
        elif isinstance(one, Wait) and one.seconds > 0:
            # By the scale alone: with jitter no two waits are equal, and each would be a new way to go.
            yield f"wait {round(log2(max(one.seconds, 0.01)))}"
        elif isinstance(one, Raised):
            yield f"{one.type} {one.where}"
        elif isinstance(one, Answer):
            yield "answer"
