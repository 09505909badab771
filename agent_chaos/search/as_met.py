"""Failures as they were met, for a campaign that was interrupted: nobody waits for small plans then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from time import perf_counter

from agent_chaos.oracles.oracle import Violation
from agent_chaos.oracles.verdict import Outcome, Verdict
from agent_chaos.search.campaign import Finding
from agent_chaos.search.campaign_state import CampaignState
from agent_chaos.search.corpus.failure_files import failure_of
from agent_chaos.search.failure import Failure
from agent_chaos.trace.trace import Trace

_PATIENCE_S = 0.5
"""Real seconds in which failures are run once more, to show how their runs go."""


def as_met(
    run: CampaignState, fingerprints: Iterable[str], seed: int, proven: Mapping[str, Failure]
) -> Iterator[Finding]:
    """A finding of each failure, with the plan that it was met under; one that takes long is told without its run.

    A `proven` one stays as it is stored.
    """
    ends = perf_counter() + _PATIENCE_S
    for one in fingerprints:
        outcome = _shown(run, one) if perf_counter() + run.real_s.get(one, 0.0) < ends else None
        outcome = outcome or _untold(run, one)
        if outcome is not None:
            violation = next(error for error in outcome.errors if error.fingerprint == one)
            failure = proven.get(one) or _failure(run, violation, seed)
            yield Finding(failure, outcome, run.seen_in[one])


def _shown(run: CampaignState, fingerprint: str) -> Outcome | None:
    """The failure's run; always in this process, which is ready: a new worker would have to import the agent first."""
    outcome = run.subject.trial(run.found[fingerprint])
    run.runs += 1
    return outcome if fingerprint in outcome.fingerprints else None


def _untold(run: CampaignState, fingerprint: str) -> Outcome | None:
    """What is known of a failure without running it: all but how the run goes."""
    violation = run.violations.get(fingerprint)
    if violation is None:
        return None
    trace = Trace(run.found[fingerprint], (), 0.0)
    return Outcome(Verdict.FAIL, trace, (violation,), rule=violation.oracle, reason=violation.reason)


def _failure(run: CampaignState, violation: Violation, seed: int) -> Failure:
    return failure_of(
        run.subject,
        violation,
        run.found[violation.fingerprint],
        seed=seed,
        smallest=False,
        checks=0,
        runs_seen=run.seen_in[violation.fingerprint].bit_count(),
    )
