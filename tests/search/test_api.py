"""Searching from Python: campaigns, a user's own property test, and the assertion that exported tests make."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings

import agent_chaos
from agent_chaos.errors import CassetteMissing, PlanError, UsageError
from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.verdict import Verdict
from tests.search import shop


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_recorded_scenario_is_searched_and_its_failures_stored_where_asked(project):
    target = shop.write_project(project)
    scenario = shop.scenario()
    without = agent_chaos.fuzz_scenario(scenario, max_examples=10)
    campaign = agent_chaos.fuzz_scenario(scenario, max_examples=10, corpus=project / "kept")

    assert target
    assert campaign.findings
    assert [one.failure for one in without.findings] == [one.failure for one in campaign.findings]
    assert sorted(path.stem for path in (project / "kept").iterdir()) == sorted(
        one.failure.id for one in campaign.findings
    )


def test_a_scenario_without_a_recording_is_a_clear_error(project):
    with pytest.raises(CassetteMissing, match=r"there is no cassette cassettes/shop\.msgpack; "):
        agent_chaos.fuzz_scenario(shop.scenario())


def drawn(scenario, agent_must_not):
    """A user's own property test over fault plans: the plans it ran, and the error it ended with."""
    plans, error = [], None

    @settings(
        max_examples=40,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(plan=agent_chaos.fault_plans(scenario, max_faults=2))
    def test(plan):
        plans.append(plan)
        report = agent_chaos.run_scenario(scenario, plan=plan)
        assert not agent_must_not(report), plan.to_json()

    try:
        test()
    except AssertionError as exc:
        error = exc
    return plans, error


def test_fault_plans_drive_a_property_test_of_ones_own(project):
    shop.write_project(project)
    plans, error = drawn(shop.scenario(shop.careful), lambda report: report.agent_output == "")

    assert error is None
    assert len({plan.to_json() for plan in plans}) > 20
    assert {len(plan) for plan in plans} == {0, 1, 2}
    assert len({placed.fault.kind for plan in plans for placed in plan.faults}) > 8


def test_a_property_test_that_fails_ends_with_a_plan_of_one_fault(project):
    shop.write_project(project)
    _, error = drawn(shop.scenario(), lambda report: bool(report.error))

    assert error is not None
    last = Plan.from_json(str(error).splitlines()[0].removeprefix("AssertionError: "))
    assert len(last) == 1


def test_a_known_failure_raises_while_it_is_there(project):
    target = shop.write_project(project)

    with pytest.raises(
        AssertionError, match=r"shop under call 0: the stream ends inside a number .*: FAIL\n"
    ) as caught:
        agent_chaos.check_failure(target, shop.TRUNCATED)
    shown = [str(frame.path) for frame in caught.traceback.filter(caught)]
    assert shown == [__file__], "pytest shows the test's own line alone"


def test_a_known_failure_gives_its_outcome_once_it_is_fixed(project):
    outcome = agent_chaos.check_failure(shop.write_project(project, "careful"), shop.TRUNCATED.as_dict())

    assert outcome.verdict is Verdict.PASS
    assert outcome.trace.fired


def test_a_known_failure_is_not_taken_for_fixed_where_a_fault_did_not_fire(project):
    elsewhere = Plan.of([("call 0.1", shop.TRUNCATED.faults[0].fault)])

    with pytest.raises(
        AssertionError, match=r"no longer fires \(call 0, retry 1: .*record again with .*, or remove"
    ):
        agent_chaos.check_failure(shop.write_project(project, "careless"), elsewhere)


def test_a_known_failure_is_not_taken_for_fixed_where_one_fault_of_two_did_not_fire(project):
    fault = shop.TRUNCATED.faults[0].fault
    both = Plan.of([("call 0", fault), ("call 7", fault)])

    with pytest.raises(AssertionError, match=r"no longer fires \(call 7: "):
        agent_chaos.check_failure(shop.write_project(project, "careful"), both)


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ({"faults": [{"site": "call 0", "fault": {"kind": "nope"}}]}, "unknown fault 'nope'"),
        ({"faults": [{"site": "call", "fault": {"kind": "server_error"}}]}, "expected 'call N'"),
    ],
    ids=["fault", "site"],
)
def test_a_plan_that_cannot_be_is_refused(project, plan, words):
    with pytest.raises(PlanError, match=words):
        agent_chaos.check_failure(shop.write_project(project), plan)


def test_tools_that_would_run_for_real_keep_a_search_from_starting(project):
    kept = shop.cassette()
    shop.save(type(kept)(kept.header, kept.exchanges, keys=kept.keys), project / "cassettes" / "shop.msgpack")

    with pytest.raises(UsageError, match="the recorded model calls refund, which no tool boundary saw"):
        agent_chaos.fuzz_scenario(shop.scenario())
