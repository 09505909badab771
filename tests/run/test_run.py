"""One run from Python, and its report: passed means passed."""

import os
import re

import pytest

import agent_chaos
from agent_chaos.errors import CassetteMissing
from agent_chaos.faults.plan import Plan
from agent_chaos.faults.transport.rate_limits import RateLimit
from agent_chaos.faults.transport.server_errors import ServerError
from tests.search import shop


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shop.write_project(tmp_path)
    return tmp_path


def test_a_run_without_faults_passes_and_tells_its_turns(project):
    report = agent_chaos.run_scenario(shop.scenario())

    assert (report.scenario_name, report.passed, report.verdict) == ("shop", True, "PASS")
    assert report.agent_input == shop.QUESTION
    assert report.agent_output == shop.SAID[-1].text
    assert (report.llm_calls, report.faults_fired, report.error) == (2, (), None)
    assert [(turn.turn_number, turn.success, turn.llm_calls) for turn in report.turn_results] == [
        (0, True, 2)
    ]
    assert report.turn_results[0].duration_s == pytest.approx(report.elapsed_s)


def test_a_run_under_a_plan_names_what_fired_and_what_is_wrong(project):
    report = agent_chaos.run_scenario(shop.scenario(), plan=shop.TRUNCATED)

    assert (report.passed, report.verdict) == (False, "FAIL")
    assert report.faults_fired == (
        "call 0: the stream ends inside a number of a tool argument, without an error",
    )
    assert "unfinished_tool_call" in {violation.oracle for violation in report.violations}
    assert Plan.model_validate(report.plan) == shop.TRUNCATED


def test_what_was_never_recorded_names_the_file_that_asked_for_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    here = os.path.relpath(__file__)

    with pytest.raises(CassetteMissing, match=f"make it with: agent-chaos record {re.escape(here)}:shop$"):
        agent_chaos.run_scenario(shop.scenario())


def test_waits_are_virtual_seconds(project):
    limited = Plan.of([("call 0", RateLimit(retry_after_s=60))])
    report = agent_chaos.run_scenario(shop.scenario(), plan=limited)

    assert report.passed
    assert report.elapsed_s > agent_chaos.run_scenario(shop.scenario()).elapsed_s + 60


def test_a_run_in_which_nothing_fired_has_not_passed(project):
    report = agent_chaos.run_scenario(shop.scenario(), plan=Plan.of([("call 9", ServerError())]))

    assert (report.passed, report.verdict, report.reason) == (False, "NOT TESTED", "no fault fired")


def test_an_exception_is_told_as_the_user_would_see_it(project):
    down = Plan.of([("call 0", ServerError()), ("call 0.1", ServerError())])
    report = agent_chaos.run_scenario(shop.scenario(), plan=down)

    assert report.error is not None
    assert report.error.startswith("anthropic.InternalServerError: Error code: 500")
    assert report.agent_output is None
    assert report.turn_results[0].error == report.error
    assert not report.turn_results[0].success


def test_a_scenario_that_was_never_recorded_is_a_clear_error(tmp_path):
    with pytest.raises(CassetteMissing, match="shop: there is no cassette"):
        agent_chaos.run_scenario(shop.scenario(cassette=tmp_path / "none.msgpack"))
