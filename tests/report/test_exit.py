"""Exit codes: 0 passed, 1 failure, 2 usage, 3 nothing judged, 4 unstable, 5 harness, 130 interrupted."""

import pytest

from agent_chaos.report.exit import combined, exit_code
from agent_chaos.search.campaign import Figures
from tests.report.refund_campaign import campaign


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, 1),
        ({"findings": (), "figures": Figures(examples=5, ok=5)}, 0),
        ({"findings": (), "figures": Figures(examples=5, ok=1, undecided=4)}, 0),
        ({"findings": (), "figures": Figures(examples=5, undecided=3, not_tested=2)}, 3),
        ({"findings": (), "figures": Figures()}, 3),
        ({"findings": (), "figures": Figures(corpus_runs=1, ok=0)}, 3),
        ({"figures": Figures(examples=5, ok=4, errors=1)}, 5),
        ({"first_error": "call 2: refused"}, 5),
        ({"interrupted": True}, 130),
    ],
    ids=[
        "finding",
        "ok",
        "some ok",
        "undecided",
        "empty",
        "corpus only",
        "error",
        "first error",
        "interrupted",
    ],
)
def test_a_campaign_has_an_exit_code(changes: dict[str, object], code: int) -> None:
    assert exit_code(campaign(**changes)) == code


@pytest.mark.parametrize(
    ("codes", "code"),
    [([], 0), ([0, 3], 3), ([3, 4], 4), ([4, 1], 1), ([1, 5], 5), ([5, 2], 2), ([2, 130], 130), ([0, 0], 0)],
)
def test_over_scenarios_the_worst_code_wins(codes: list[int], code: int) -> None:
    assert combined(codes) == code
    assert combined(reversed(codes)) == code
