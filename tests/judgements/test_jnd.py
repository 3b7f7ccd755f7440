"""Average precision of "the same"."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from numpy.typing import NDArray

from beholder.judgements import average_precision, precision_and_recall
from beholder.spec import UsageError


def voc_area(distance: NDArray[np.float64], same: NDArray[np.float64]) -> float:
    """The development kit's area, pair by pair and without a vector in sight; distances must differ."""
    points = [(0.0, 0.0)]
    right = wrong = 0.0
    for place in sorted(range(len(distance)), key=lambda row: distance[row]):
        right += same[place]
        wrong += 1 - same[place]
        points.append((right / same.sum(), right / (right + wrong)))
    area = 0.0
    for step in range(1, len(points)):
        highest = max(precision for _, precision in points[step:])
        area += (points[step][0] - points[step - 1][0]) * highest
    return area


@pytest.mark.parametrize("seed", range(5))
def test_meets_the_area_by_its_definition(seed: int) -> None:
    draw = np.random.default_rng(seed)
    distance, same = draw.permutation(60) / 60, draw.integers(4, size=60) / 3
    assert average_precision(distance, same) == pytest.approx(voc_area(distance, same), abs=1e-12)


def test_by_hand() -> None:
    # Precision 1, 1/2, 2/3 at recall 1/2, 1/2, 1; the last step's precision is 2/3.
    assert average_precision([1, 2, 3], [1, 0, 1]) == pytest.approx(1 / 2 + 1 / 2 * 2 / 3)
    # Made monotone: the first pair is wrong, so nothing comes before recall 1/2 at precision 1/2.
    assert average_precision([1, 2, 3], [0, 1, 1]) == pytest.approx(2 / 3)
    # The two at distance 1 enter together: precision 1/2 at recall 1/2, then 2/3 at recall 1.
    assert average_precision([1, 1, 2], [1, 0, 1]) == pytest.approx(2 / 3)
    assert average_precision([1, 1, 2], [1, 1, 0]) == pytest.approx(1)
    # All at one distance: the share of "same" answers, which is what any constant metric gets.
    assert average_precision([7, 7, 7, 7], [1, 0, 1 / 3, 2 / 3]) == pytest.approx(0.5)


def test_order_of_tied_pairs_leaves_no_trace() -> None:
    distance, same = np.array([1, 1, 2, 2, 2, 3.0]), np.array([1, 0, 1 / 3, 1, 0, 2 / 3])
    areas = {
        round(average_precision(distance[list(order)], same[list(order)]), 12)
        for order in itertools.permutations(range(6))
    }
    assert len(areas) == 1
    # One by one they would not agree.
    nudges = np.array([0, 1, 0, 1, 2, 0]) * 1e-6
    assert average_precision(distance + nudges, same) > average_precision(distance - nudges, same) + 0.05


def test_points_of_the_curve() -> None:
    precision, recall = precision_and_recall([2, 1, 2], [0.5, 1, 0])
    assert precision == pytest.approx([1, 0.5])
    assert recall == pytest.approx([2 / 3, 1])


def test_nobody_saw_the_same() -> None:
    assert math.isnan(average_precision([1, 2], [0, 0]))


def test_shares_are_checked() -> None:
    with pytest.raises(UsageError, match="same is 3 in row 1"):
        average_precision([1, 2], [1, 3])
