"""The corpus of planted bugs that searches are compared on: each shows itself under its plan, and under nothing less."""

import re

import pytest

from agent_chaos.faults.plan import Plan
from benchmarks.bugs.corpus import BUGS, SOUND, corpus_rehearsal


def test_there_are_enough_bugs_of_every_sort():
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 80
    assert {len(bug.smallest) for bug in BUGS} == {1, 2, 3, 4}
    assert {bug.base.protocol for bug in BUGS} == {
        "anthropic_messages",
        "openai_chat",
        "openai_responses",
        "gemini",
    }
    assert {(bug.base.stream, bug.base.awaited) for bug in BUGS} == {
        (a, b) for a in (True, False) for b in (True, False)
    }
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+#\d+", bug.issue) for bug in BUGS)
    assert len(SOUND) >= 10


@pytest.mark.parametrize("bug", BUGS[::9], ids=lambda bug: bug.name)
def test_a_bug_shows_itself_under_its_plan_and_not_under_less(bug):
    subject, plan = corpus_rehearsal(bug), bug.plan()
    less = [plan.without(index) for index in range(len(plan))] if len(plan) > 1 else [Plan()]

    assert bug.seen_in(subject.trial(plan))
    assert [str(one) for one in less if bug.seen_in(subject.trial(one))] == []
