"""What is kept as a result, what is reacted to, and what passes."""

from __future__ import annotations

import traceback

import pytest

from agent_chaos.containment import Contained, OnFailure
from agent_chaos.errors import TrialStop


def test_an_exception_is_kept_and_what_runs_it_goes_on() -> None:
    with Contained() as contained:
        raise ValueError("of a sink")

    assert str(contained.error) == "of a sink"


@pytest.mark.parametrize("passing", [KeyboardInterrupt, TrialStop, BrokenPipeError])
def test_stops_and_what_is_named_pass(passing: type[BaseException]) -> None:
    with pytest.raises(passing), Contained(but=(BrokenPipeError,)):
        raise passing("on")


def test_whatever_leaves_is_reacted_to_and_passes_without_a_frame_between() -> None:
    seen: list[BaseException] = []

    with pytest.raises(KeyboardInterrupt) as raised, OnFailure(seen.append):
        raise KeyboardInterrupt

    assert seen == [raised.value]
    assert {frame.filename for frame in traceback.extract_tb(raised.tb)} == {__file__}


def test_only_what_is_named_is_reacted_to() -> None:
    seen: list[BaseException] = []

    with pytest.raises(TrialStop), OnFailure(seen.append, only=Exception):
        raise TrialStop("over")

    assert seen == []
