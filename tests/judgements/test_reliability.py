"""Reliability of people."""

from __future__ import annotations

import math

import krippendorff
import numpy as np
import pytest
from numpy.typing import NDArray

from beholder.judgements import alpha_of_votes, krippendorff_alpha
from beholder.judgements.reliability import whole_votes
from beholder.spec import UsageError

# The example in the documentation of the package krippendorff: three observers, fifteen units, four answers.
PUBLISHED = """
*    *    *    *    *    3    4    1    2    1    1    3    3    *    3
1    *    2    1    3    3    4    3    *    *    *    *    *    *    *
*    *    2    1    3    4    4    *    2    1    1    3    3    *    4
"""


def read_published() -> NDArray[np.float64]:
    rows = PUBLISHED.strip().splitlines()
    return np.array([[np.nan if cell == "*" else float(cell) for cell in row.split()] for row in rows])


def count_answers(data: NDArray[np.float64]) -> NDArray[np.intp]:
    """Answers of observers, shape (observers, units), as counts, shape (units, answers)."""
    return np.stack([(data == answer).sum(0) for answer in np.unique(data[~np.isnan(data)])], axis=1)


def test_the_published_example() -> None:
    data = read_published()
    found = krippendorff_alpha(count_answers(data))
    assert found == pytest.approx(0.691, abs=5e-4)
    assert found == pytest.approx(
        krippendorff.alpha(reliability_data=data, level_of_measurement="nominal"), abs=1e-12
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_package_agrees_on_votes_between_two(seed: int) -> None:
    draw = np.random.default_rng(seed)
    votes = draw.integers(1, 7, size=60)
    counts = draw.binomial(votes, draw.beta(1, 1, size=60))
    both = np.stack([votes - counts, counts], axis=1)
    expected = krippendorff.alpha(value_counts=both, level_of_measurement="nominal")
    assert krippendorff_alpha(both) == pytest.approx(expected, abs=1e-12)
    assert alpha_of_votes((counts / votes).astype(np.float32), votes) == pytest.approx(expected, abs=1e-12)


def test_all_alike_all_unlike_and_by_chance() -> None:
    assert krippendorff_alpha([[5, 0], [0, 5]]) == 1
    # Each unit split: 1 - (n - 1) / n * 2 of n = 4 answers.
    assert krippendorff_alpha([[1, 1], [1, 1]]) == pytest.approx(-0.5)
    draw = np.random.default_rng(0)
    chance = draw.binomial(5, 0.5, size=20_000)
    assert krippendorff_alpha(np.stack([5 - chance, chance], 1)) == pytest.approx(0, abs=0.01)


def test_units_with_one_answer_do_not_count() -> None:
    some = [[2, 1], [0, 3], [3, 0]]
    assert krippendorff_alpha([*some, [1, 0], [0, 0]]) == krippendorff_alpha(some)


def test_nothing_is_told_where_nothing_is_known() -> None:
    assert math.isnan(krippendorff_alpha([[5, 0], [5, 0]]))
    assert math.isnan(krippendorff_alpha([[1, 0], [0, 1]]))
    assert whole_votes([0.5, 0.4], [2, 2]) is None
    assert whole_votes([0.5, 0.5], [2, 0]) is None
    assert math.isnan(alpha_of_votes([0.5, 0.4], [2, 2]))
    counts = whole_votes([0.5, 0.4], [2, 5])
    assert counts is not None
    assert counts.tolist() == [[1, 1], [3, 2]]


@pytest.mark.parametrize("counts", [[1, 2], [[0.5, 1]], [[-1, 2]], [[math.nan, 1]]])
def test_what_are_no_counts_is_refused(counts: object) -> None:
    with pytest.raises(UsageError, match="whole numbers from 0"):
        krippendorff_alpha(counts)  # type: ignore[arg-type]
