"""Scenarios are chosen by words of their names and tags, as pytest's `-k` chooses tests."""

import pytest

from agent_chaos.errors import UsageError
from agent_chaos.scenario import BaselineScenario
from agent_chaos.scenario.loader import Loaded
from agent_chaos.scenario.selector import Selector

NAMED = {"refund-fast": ("money",), "refund-slow": ("money", "slow"), "Weather.eu": ()}
EVERY = [
    Loaded(BaselineScenario(name=name, agent=str, turns=["hello"], tags=tags), name)
    for name, tags in NAMED.items()
]


def chosen(expression="", *tags):
    return [one.ref for one in Selector(expression, tags).of(EVERY)]


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("", [*NAMED]),
        ("refund", ["refund-fast", "refund-slow"]),
        ("weather", ["Weather.eu"]),
        ("money and not slow", ["refund-fast"]),
        ("not money", ["Weather.eu"]),
        ("slow or eu", ["refund-slow", "Weather.eu"]),
        ("refund and (eu or fast)", ["refund-fast"]),
        ("not (slow or eu)", ["refund-fast"]),
        ("not not slow", ["refund-slow"]),
        ("refund AND slow", ["refund-slow"]),
    ],
)
def test_words_stand_in_names_and_tags(expression, names):
    assert chosen(expression) == names


def test_tags_are_whole_words_and_all_are_needed():
    assert chosen("", "money") == ["refund-fast", "refund-slow"]
    assert chosen("", "money", "slow") == ["refund-slow"]
    with pytest.raises(UsageError, match="tags: money, slow"):
        chosen("", "mon")


@pytest.mark.parametrize(
    "expression", ["and", "refund and", "(refund", "refund)", "refund slow", "not", "()"]
)
def test_an_expression_that_is_none_is_an_error_that_shows_it(expression):
    with pytest.raises(UsageError) as told:
        chosen(expression)

    assert repr(expression) in str(told.value)


def test_where_nothing_is_left_the_error_names_what_there_is():
    with pytest.raises(UsageError, match=", ".join(NAMED)):
        chosen("checkout")
