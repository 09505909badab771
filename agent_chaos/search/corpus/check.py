"""Whether a known failure is still there, as an assertion: what exported tests call."""

from __future__ import annotations

from agent_chaos.errors import record_again
from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.verdict import Outcome, Verdict
from agent_chaos.search.subject import Subject


def check_plan(subject: Subject, plan: Plan, target: str) -> Outcome:
    """Runs a plan and gives its outcome, if it passed; `target` is how the command line names the scenario.

    Raises:
        AssertionError: an oracle found something, a fault of the plan did not fire, or the run could not be judged.
    """
    __tracebackhide__ = True  # pytest shows the line of the test instead
    outcome = subject.trial(plan)
    problem = _problem(outcome, plan, target)
    if problem:
        raise AssertionError(f"{subject.name} under {plan}: {problem}")
    return outcome


def _problem(outcome: Outcome, plan: Plan, target: str) -> str:
    if outcome.verdict is Verdict.FAIL:
        found = "\n".join(f"{one.rule}: {one.reason}\n  {one.advice}" for one in outcome.errors)
        return f"{outcome.verdict}\n{found}"
    fired = {(str(site), fault) for site, fault in outcome.trace.fired}
    missing = [str(placed) for placed in plan.faults if (str(placed.site), placed.fault) not in fired]
    # A run that broke off came to no fault either, and its own reason says more.
    if missing and outcome.verdict is not Verdict.HARNESS_ERROR:
        again = f"record again with '{record_again(target)}'"
        return f"the fault no longer fires ({'; '.join(missing)}); {again}, or remove this test"
    return "" if outcome.verdict is Verdict.PASS else f"{outcome.verdict}: {outcome.reason}"
