"""The numbers that faults are drawn with: the edges, then points that halve what lies between earlier ones."""

from agent_chaos.search.numbers import nth


def test_after_the_edges_points_of_a_linear_and_of_a_logarithmic_scale_come_by_turns() -> None:
    bounds = ("seconds", 0, 4_095)

    assert [nth(bounds, number) for number in (0, 1)] == [0, 4_095]
    assert [nth(bounds, number) for number in (3, 5, 7, 9)] == [1_024, 3_071, 512, 2_559]
    assert [nth(bounds, number) for number in (2, 4, 6, 8)] == [7, 511, 2, 180]
