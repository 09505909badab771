"""An index that does not exist is an error when a scenario is made, and names those that do."""

from __future__ import annotations

import pytest

from agent_chaos.chaos import llm_rate_limit
from agent_chaos.errors import ScenarioError
from agent_chaos.scenario import (
    BaselineScenario,
    ChaosScenario,
    MaxTokensPerTurn,
    RecoveredAfterFailure,
    Turn,
    TurnCompletes,
    TurnMaxLLMCalls,
    at,
)

BASE = BaselineScenario(name="base", agent=print, turns=("one", "two", "three"))


@pytest.mark.parametrize(
    "assertion",
    [
        TurnCompletes(turn=3),
        TurnMaxLLMCalls(2, turn=-1),
        MaxTokensPerTurn(9, turn=7),
        RecoveredAfterFailure(3),
    ],
    ids=repr,
)
def test_a_turn_that_an_assertion_names(assertion):
    with pytest.raises(ValueError, match=r"there is no turn -?[0-9]; turns count from 0 to 2"):
        BASE.variant(name="v", assertions=[assertion])
    with pytest.raises(ValueError, match="turns count from 0 to 2"):
        BaselineScenario(name="b", agent=print, turns=("a", "b", Turn("c", assertions=[assertion])))


@pytest.mark.parametrize(
    "chaos",
    [
        llm_rate_limit().on_turn(3),
        llm_rate_limit().after_turns(3),
        llm_rate_limit().between_turns(2, 3),
    ],
    ids=str,
)
def test_a_turn_that_a_trigger_names(chaos):
    with pytest.raises(ValueError, match="turns count from 0 to 2"):
        ChaosScenario(name="c", agent=print, turns=("one", "two", "three"), chaos=[chaos])


@pytest.mark.parametrize("turn", [-1, 3])
def test_a_turn_of_at(turn):
    with pytest.raises(ScenarioError, match="turns count from 0 to 2"):
        BASE.variant(name="v", turns=[at(turn)])


def test_the_last_turn_exists():
    made = BASE.variant(name="v", assertions=[TurnCompletes(turn=2), TurnCompletes()])

    assert len(made.assertions) == 2
