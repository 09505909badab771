"""Shrinking: plans with a planted cause become exactly that cause, and what is called smallest is."""

import itertools
from dataclasses import dataclass, replace

import pytest

from agent_chaos.faults.plan import Plan
from agent_chaos.faults.transport.bad_text import BadText
from agent_chaos.faults.transport.server_errors import RateLimitPlain, ServerError
from agent_chaos.faults.transport.slow_replies import SlowFirstByte
from agent_chaos.oracles.oracle import Violation
from agent_chaos.search.memo import Memo
from agent_chaos.search.scope import DEFAULT_SIZE
from agent_chaos.search.shrink import smallest_plan
from agent_chaos.search.space import Space
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trial.rehearsal import Rehearsal
from tests.search.planted import (
    CAUSES,
    FAULTS,
    Condition,
    PlantedOracle,
    met,
    patient,
    planted,
    survivor_judged_by,
)

CONFIRMING_RUNS = 4


def case_of(faults, *, on_a_retry):
    """The first case whose cause has so many faults, one of them on a retry or none."""
    numbers = itertools.count(faults - 1, len(CAUSES))
    cases = (planted(number) for number in numbers)
    return next(case for case in cases if any(one.serving for one in case.cause) is on_a_retry)


def one_step_smaller(space, plan):
    """Every plan less one fault, and with one fault at its kind's lower bounds, or one below in a number."""
    for index, placed in enumerate(plan.faults):
        yield plan.without(index)
        menu = space.menu(placed.fault.kind)
        for name, low, _ in menu.numbers:
            value = getattr(placed.fault, name)
            for less in {low, (low + value) // 2, value - 1} - {value}:
                if less >= low:
                    softer = placed.model_copy(update={"fault": placed.fault.model_copy(update={name: less})})
                    yield Plan(faults=(*plan.faults[:index], softer, *plan.faults[index + 1 :]))


@pytest.mark.parametrize(
    ("faults", "on_a_retry"),
    [(1, False), (2, True), (3, True)],
    ids=["one fault", "two faults, one on the retry of the other", "three faults, two of them on one call"],
)
def test_a_plan_of_five_faults_becomes_exactly_its_cause_and_nothing_around_it_fails(faults, on_a_retry):
    case = case_of(faults, on_a_retry=on_a_retry)
    shrunk = case.shrunk()
    plan = shrunk.plan
    around = list(one_step_smaller(Space.of(case.subject.clean), plan))

    assert len(case.plan) == FAULTS
    assert len(case.smallest) == faults
    assert plan == case.smallest
    assert shrunk.smallest
    assert shrunk.reproduced
    assert [one for one in around if case.subject.trial(one).fingerprints] == []


def test_every_plan_that_was_tried_is_told_once_with_what_fails_under_it():
    case = case_of(2, on_a_retry=True)
    shrunk = case.shrunk()
    steps = shrunk.steps

    assert steps[0].plan == case.plan
    assert [one.plan for one in steps if "planted:cause" in one.failed][-1] == shrunk.plan
    assert len({one.plan.key for one in steps}) == len(steps)
    again = [case.subject.trial(one.plan) for one in steps[-5:]]
    assert [set(one.failed) for one in steps[-5:]] == [set(one.fingerprints) for one in again]
    assert [one.verdict for one in steps[-5:]] == [one.verdict for one in again]


@pytest.mark.parametrize("max_runs", [1, 3])
def test_a_budget_that_runs_out_leaves_a_plan_that_fails_and_is_not_called_smallest(max_runs):
    case = planted(11)
    shrunk = smallest_plan(case.subject, case.plan, "planted:cause", max_runs=max_runs)

    assert case.subject.trial(shrunk.plan).fingerprints == {"planted:cause"}
    assert len(shrunk.plan) <= FAULTS
    assert shrunk.runs <= max_runs + CONFIRMING_RUNS
    assert not shrunk.smallest


def test_a_plan_that_does_not_fail_that_way_comes_back_as_it_is():
    case = planted(0)
    shrunk = smallest_plan(case.subject, case.plan, "planted:something else")

    assert shrunk.plan == case.plan
    assert shrunk.runs == 1 + 2  # once more, after a run without faults
    assert not shrunk.reproduced
    assert not shrunk.smallest


def test_other_failures_met_on_the_way_are_kept_with_a_plan_that_shows_them():
    case = planted(5)
    unneeded = next(one for one in case.plan.faults if one not in case.smallest.faults)
    both = (PlantedOracle(case.cause), PlantedOracle((Condition.of(unneeded),), "another"))
    subject = survivor_judged_by(*both, like=case.subject)
    shrunk = smallest_plan(subject, case.plan, "planted:cause")

    assert list(shrunk.others) == ["another:cause"]
    plan = shrunk.others["another:cause"]
    assert "another:cause" in subject.trial(plan).fingerprints
    assert unneeded in plan.faults
    assert shrunk.plan == case.smallest


@dataclass(frozen=True)
class EitherOracle(PlantedOracle):
    """Fails by either of two causes."""

    other: tuple[Condition, ...] = ()

    def judge(self, evidence):
        either = any(met(cause, evidence.trace.fired) for cause in (self.cause, self.other))
        yield from PlantedOracle(()).judge(evidence) if either else ()


def test_an_everyday_fault_that_does_the_same_alone_is_shown_in_its_place():
    rare, usual = (
        Plan.of([("call 0", BadText(shape="byte_order_mark"))]),
        Plan.of([("call 1", ServerError())]),
    )
    causes = [(Condition.of(one.faults[0]),) for one in (rare, usual)]
    subject = survivor_judged_by(EitherOracle(causes[0], other=causes[1]), like=planted(0).subject)
    harmless = Plan.of([("call 2", ServerError())])
    shrunk = smallest_plan(subject, rare, "planted:cause", usual=(harmless, usual))

    assert shrunk.plan == usual
    assert shrunk.smallest
    assert smallest_plan(subject, rare, "planted:cause", usual=(harmless,)).plan == rare


def test_a_plan_written_by_hand_outside_of_the_space_still_loses_the_faults_it_does_not_need():
    case = planted(0)
    plan = Plan.of(
        [*((one.site, one.fault) for one in case.plan.faults), ("call 99", case.plan.faults[0].fault)]
    )
    shrunk = smallest_plan(case.subject, plan, "planted:cause")

    assert shrunk.plan == case.smallest


def test_attempts_move_up_together_where_the_one_before_them_goes_and_faults_elsewhere_stay():
    first, second, elsewhere = RateLimitPlain(), BadText(shape="byte_order_mark"), ServerError()
    cause = Plan.of([("call 0", first), ("call 0.1", second), ("call 3", elsewhere)])
    conditions = tuple(replace(Condition.of(one), serving=None) for one in cause.faults)
    subject = survivor_judged_by(PlantedOracle(conditions), like=planted(0).subject, agent=patient)
    later = Plan.of(
        [("call 0", ServerError()), ("call 0.1", first), ("call 0.2", second), ("call 3", elsewhere)]
    )

    assert smallest_plan(subject, later, "planted:cause").plan == cause


def test_a_plan_of_more_faults_than_are_ever_drawn_is_made_small_too():
    case = planted(0)
    space = Space.of(case.subject.clean)
    extra = [
        (entry.site, menu.fault(entry, [low for _, low, _ in menu.numbers]))
        for menu in space.menus
        for entry in menu.entries
        if menu.kind in ("slow_first_byte", "keep_alive_noise", "max_tokens_in_text")
    ]
    plan = Plan.of([*((one.site, one.fault) for one in case.plan.faults), *extra])

    assert len(plan) > DEFAULT_SIZE[1]
    assert smallest_plan(case.subject, plan, "planted:cause").plan == case.smallest


class EverySecondTime:
    """An oracle that finds the planted cause in every second run that has it."""

    name, needs, timed = "planted", Fidelity.MISS, False

    def __init__(self, cause):
        self._planted, self._runs = PlantedOracle(cause), itertools.count()

    def judge(self, evidence):
        found = list(self._planted.judge(evidence))
        return found if found and next(self._runs) % 2 == 0 else []


def test_a_failure_that_does_not_repeat_is_neither_reproduced_nor_smallest():
    case = planted(2)
    subject = survivor_judged_by(EverySecondTime(case.cause), like=case.subject)
    shrunk = smallest_plan(subject, case.plan, "planted:cause")

    assert shrunk.came_back
    assert not shrunk.reproduced
    assert not shrunk.smallest
    assert shrunk.outcome.fingerprints == {"planted:cause"}


class LeftOver:
    """Fails where the run before had faults, too: by what that one left in the agent's module."""

    name, needs, timed = "planted", Fidelity.MISS, False

    def __init__(self, cause):
        self._planted, self._before = PlantedOracle(cause), Plan()

    def judge(self, evidence):
        before, self._before = self._before, evidence.trace.plan
        return list(self._planted.judge(evidence)) if before.faults else []


def test_a_failure_that_needs_what_an_earlier_run_left_is_not_reproduced():
    case = planted(2)
    subject = survivor_judged_by(LeftOver(case.cause), like=case.subject)
    subject.trial(case.plan)
    shrunk = smallest_plan(subject, case.plan, "planted:cause")

    assert shrunk.steps[0].failed == ("planted:cause",)
    assert not shrunk.reproduced
    assert not shrunk.came_back
    assert not shrunk.smallest


class LeftOverOrAlone(LeftOver):
    """Fails under a fault at all where the run before had faults, and under the whole cause by itself."""

    def __init__(self, part, cause):
        super().__init__(part)
        self._alone = PlantedOracle(cause)

    def judge(self, evidence):
        return list(super().judge(evidence)) or list(self._alone.judge(evidence))


@pytest.mark.parametrize("given", ["found", "largest"])
def test_a_plan_that_fails_by_itself_is_found_behind_a_smaller_one_that_needs_what_an_earlier_run_left(given):
    case = case_of(3, on_a_retry=False)
    subject = survivor_judged_by(LeftOverOrAlone(case.cause[:1], case.cause), like=case.subject)
    part = Plan(faults=case.smallest.faults[:1])
    subject.trial(case.plan)
    plan, largest = (part, case.plan) if given == "largest" else (case.plan, None)
    shrunk = smallest_plan(subject, plan, "planted:cause", largest=largest)

    assert shrunk.plan == case.smallest
    assert shrunk.reproduced
    assert shrunk.came_back


def test_a_failure_that_the_run_without_faults_shows_by_then_does_not_come_back():
    class FromThenOn(LeftOver):
        def judge(self, evidence):
            self._before = evidence.trace.plan if evidence.trace.plan.faults else self._before
            if self._before.faults:
                yield Violation(oracle="planted", subject="cause", reason="it was planted", advice="none")

    case = planted(2)
    shrunk = smallest_plan(
        survivor_judged_by(FromThenOn(case.cause), like=case.subject), case.plan, "planted:cause"
    )

    assert not shrunk.came_back


class FailsWhere:
    """An oracle that fails where the numbers of the faults that fired add up to, or are, what it was told."""

    name, needs, timed = "planted", Fidelity.MISS, False

    def __init__(self, wrong):
        self._wrong = wrong

    def judge(self, evidence):
        seconds = [fault.seconds for _, fault in evidence.trace.fired if fault.kind == "slow_first_byte"]
        if self._wrong(seconds):
            yield Violation(oracle="planted", subject="cause", reason="it was planted", advice="none")


def late(*seconds):
    return Plan.of((f"call {i}", SlowFirstByte(seconds=value)) for i, value in enumerate(seconds))


@pytest.mark.parametrize(
    ("wrong", "before", "after"),
    [
        (lambda seconds: 97 in seconds or 41 in seconds, late(97), late(41)),
        (lambda seconds: any(one >= 41 for one in seconds), late(120), late(41)),
        (lambda seconds: sum(seconds) > 150, late(60, 60, 60), late(31, 120)),
    ],
    ids=["two single values", "a threshold", "a sum that fewer faults can reach"],
)
def test_the_least_numbers_are_searched_over_their_whole_range(wrong, before, after):
    subject = survivor_judged_by(FailsWhere(wrong))
    shrunk = smallest_plan(subject, before, "planted:cause")

    assert shrunk.plan == after
    assert shrunk.smallest


def test_a_milder_kind_of_the_same_family_at_the_same_call_is_taken_where_it_fails_too():
    class AnyServerError:
        name, needs, timed = "planted", Fidelity.MISS, False

        def judge(self, evidence):
            if any(fault.family.name == "server" for _, fault in evidence.trace.fired):
                yield Violation(oracle="planted", subject="cause", reason="it was planted", advice="none")

    subject = survivor_judged_by(AnyServerError())
    mildest = Space.of(subject.clean).families[ServerError.family][0]
    shrunk = smallest_plan(subject, Plan.of([("call 3", ServerError())]), "planted:cause")

    assert mildest.kind != "server_error"
    assert [(str(one.site), one.fault.kind) for one in shrunk.plan.faults] == [("call 0", mildest.kind)]


def test_what_fired_of_a_plan_is_not_run_again():
    subject = survivor_judged_by()
    plan = Plan.of([("call 0", ServerError())])
    memo = Memo(subject)
    memo(Plan.of([("call 0", ServerError()), ("call 99", ServerError())]))

    assert memo(plan) == frozenset()
    assert memo.runs == 1
    assert memo.verdict(plan) is None


class Remembering(Rehearsal):
    """Keeps how every plan ended."""

    def trial(self, plan):
        outcome = super().trial(plan)
        self.known = {**getattr(self, "known", {}), plan.key: outcome.fingerprints}
        return outcome


def test_what_ran_before_is_not_run_again():
    case = planted(0)
    subject = Remembering(
        case.subject.scenario, cassette=case.subject.cassette, judges={"planted": PlantedOracle(case.cause)}
    )
    smallest_plan(subject, case.plan, "planted:cause")
    again = smallest_plan(subject, case.plan, "planted:cause", known=dict(subject.known))

    assert again.plan == case.smallest
    assert again.runs == CONFIRMING_RUNS
