"""An exported failure is an ordinary test: red while the bug is there, green without it, red when it proves nothing."""

import os

import pytest

from agent_chaos.faults.plan import Plan
from agent_chaos.faults.transport.truncate import Truncate
from agent_chaos.scenario.loader import load
from agent_chaos.search.corpus.export import pytest_source
from agent_chaos.search.corpus.failure_files import failure_of
from agent_chaos.search.space import Space
from agent_chaos.trial.rehearsal import Rehearsal
from tests.forked import command
from tests.search import shop

IN_THE_ANSWER = Plan.of([("call 1", Truncate(boundary="mid_text", offset=0))])


def exported(folder, plan, *, agent="careless"):
    """A project whose agent has the failure, and the test file of that failure in it."""
    (loaded,) = load([shop.write_project(folder, agent)])
    subject = Rehearsal(loaded.scenario, target=loaded.ref)
    violation = subject.trial(plan).violations[0]
    stored = failure_of(subject, violation, plan, seed=0, smallest=True, checks=1)
    test = folder / "test_failure.py"
    test.write_text(pytest_source(stored))
    return test


def under_pytest(test):
    arguments = ("-q", "-p", "no:cacheprovider", test.name)
    return command(test.parent, *arguments, module="pytest", environment={"PATH": os.environ["PATH"]})


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_fails_while_the_bug_is_there_and_says_what_happened(project):
    done = under_pytest(exported(project, shop.TRUNCATED))

    assert done.returncode == 1
    assert "1 failed" in done.stdout
    assert 'refund ran with {"order": "A-17", "amount": 15}' in done.stdout
    assert "the stream ends inside a number of a tool argument" in done.stdout


def test_it_passes_once_the_agent_is_fixed(project):
    test = exported(project, shop.TRUNCATED)
    shop.write_project(project, "careful")
    done = under_pytest(test)

    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_it_fails_when_its_fault_no_longer_fires(project):
    test = exported(project, IN_THE_ANSWER)
    shop.write_project(project, "curt")
    done = under_pytest(test)

    assert done.returncode == 1
    assert "the fault no longer fires (call 1: the stream ends in the middle" in done.stdout


def test_every_fault_is_written_as_python_that_makes_the_same_plan():
    subject = shop.rehearsal()
    odd = (
        subject.trial(shop.TRUNCATED)
        .violations[0]
        .model_copy(update={"reason": 'it said """no\\x""" and\nwent on \\'})
    )
    for menu in Space.of(subject.clean).menus:
        plan = Plan(faults=(menu.placed(menu.entries[0], [low for _, low, _ in menu.numbers]),))
        stored = failure_of(subject, odd, plan, seed=0, smallest=True, checks=1)
        names = {}
        exec(compile(pytest_source(stored), "test_failure.py", "exec"), names)

        assert Plan.model_validate(names["PLAN"]) == plan
        assert names["TARGET"] == "shop"
        assert f"test_shop_{stored.id}".replace("-", "_").lower() in names
