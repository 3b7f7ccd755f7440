"""The rows on which a metric is surest of what people deny."""

from __future__ import annotations

import numpy as np

from beholder.calibration import MeasuredSet
from beholder.calibration.disagreements import worst_disagreements


def test_triplets_on_which_the_metric_goes_against_most_people_come_first() -> None:
    measured = MeasuredSet(
        kind="triplets",
        answers=np.array([1.0, 0.0, 0.9, 0.5, 0.2]),
        # agrees; goes against all, by far; against most, a little; nobody leans; against most, by little
        distances={"d": np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.5], [0.9, 0.0], [0.32, 0.3]])},
        parts={},
        groups=np.arange(5),
        places=np.array([10, 11, 12, 13, 14]),
    )
    found = worst_disagreements(measured, "d")
    assert [each.place for each in found] == [11, 12, 14]
    assert found[0].distances == (0.9, 0.1)
    assert found[1].answer == 0.9
    assert [each.place for each in worst_disagreements(measured, "d", 1)] == [11]


def test_ratings_and_pairs_whose_ranks_lie_furthest_apart_come_first() -> None:
    ratings = MeasuredSet(
        kind="ratings",
        answers=np.array([1.0, 2.0, 3.0, 4.0]),
        distances={"d": np.array([[0.1], [0.2], [0.9], [0.4]])},
        parts={},
        groups=np.arange(4),
        better="lower",
        places=np.arange(4),
    )
    assert [each.place for each in worst_disagreements(ratings, "d")] == [2, 3]
    pairs = MeasuredSet(
        kind="pairs",
        answers=np.array([0.0, 1.0, 0.5]),
        distances={"d": np.array([[0.1], [0.5], [0.2]])},
        parts={},
        groups=np.arange(3),
        places=np.arange(3),
    )
    assert {each.place for each in worst_disagreements(pairs, "d")} == {0, 1}
