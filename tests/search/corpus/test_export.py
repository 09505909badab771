"""An exported failure is an ordinary test: red while the bug is there, green without it, red when it proves nothing."""

import ast
import os
from types import SimpleNamespace

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
    test = folder / "tests" / "chaos" / "test_failure.py"
    test.parent.mkdir(parents=True)
    test.write_text(pytest_source([stored]))
    return test


def under_pytest(test, *, at=None):
    arguments = ("-q", "-p", "no:cacheprovider", str(test))
    environment = {"PATH": os.environ["PATH"]}
    return command(at or test.parents[2], *arguments, module="pytest", environment=environment)


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


def test_it_is_the_same_test_in_every_working_directory(project, tmp_path_factory):
    test = exported(project, shop.TRUNCATED)
    done = [under_pytest(test, at=at) for at in (test.parent, tmp_path_factory.mktemp("elsewhere"))]

    assert [one.returncode for one in done] == [1, 1]
    assert all('refund ran with {"order": "A-17", "amount": 15}' in one.stdout for one in done)


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
        names = run_with(pytest_source([stored, stored.model_copy(update={"id": "F-ZZZZ"})]))

        assert names == {
            f"test_shop_{name}".lower(): ("shop", plan) for name in (stored.id.replace("-", "_"), "f_zzzz")
        }


def test_what_a_test_says_of_itself_is_wrapped_as_text():
    subject = shop.rehearsal()
    told = " ".join(["refund ran with", "a \\ of", *("many words" for _ in range(30)), "and went on"])
    violation = subject.trial(shop.TRUNCATED).violations[0].model_copy(update={"reason": told})
    source = pytest_source([failure_of(subject, violation, shop.TRUNCATED, seed=0, smallest=True, checks=1)])
    module = ast.parse(source)
    said = [ast.get_docstring(one) for one in (module, module.body[-1])]

    assert max(map(len, source.splitlines())) <= 100
    assert all(told in " ".join(text.split()) for text in said)


def run_with(source):
    """What each test of a file asks for, by its name; the check itself is left out."""
    asked, names = [], {"__file__": "test_failure.py"}
    exec(compile(source, "test_failure.py", "exec"), names)
    names["agent_chaos"] = SimpleNamespace(check_failure=lambda *given, beside: asked.append(given))
    tests = [name for name in names if name.startswith("test_")]
    for name in tests:
        names[name]()
    return {
        name: (target, Plan.model_validate(plan)) for name, (target, plan) in zip(tests, asked, strict=True)
    }
