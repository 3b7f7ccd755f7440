"""Two on the same rows: intervals, Wilcoxon's test, wins."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from beholder.judgements import compare_paired, fewest_rows, holm, signed_rank_test
from beholder.judgements.paired import rank_biserial
from beholder.spec import UsageError


def test_by_hand() -> None:
    found = compare_paired([3, 1, 4, 5], [1, 2, 1, 1])
    # Differences 2, -1, 3, 4 have the ranks 2, 1, 3, 4.
    assert (found.above, found.below, found.equal) == (3, 1, 0)
    assert found.difference.estimate == 2
    assert found.effect == pytest.approx((2 + 3 + 4 - 1) / 10)
    # Of 16 ways to set the signs, 4 reach a sum of ranks of 8: without rank 1, without any, and their mirror images.
    assert found.p_value == pytest.approx(4 / 16)
    assert found.difference.low < 2 < found.difference.high


def test_few_rows_with_ties_are_exact() -> None:
    differences = [1, 1, -1, 2, 0, 3, 3]
    ranks = np.array([2, 2, -2, 4, 5.5, 5.5])
    sums = [abs(np.dot(signs, np.abs(ranks))) for signs in itertools.product([-1, 1], repeat=6)]
    expected = np.mean([each >= abs(ranks.sum()) - 1e-9 for each in sums])
    assert signed_rank_test(differences) == pytest.approx(expected)


@pytest.mark.parametrize("rows", [10, 30, 200])
def test_it_is_scipys(rows: int) -> None:
    differences = np.random.default_rng(rows).normal(0.3, 1, rows)
    assert signed_rank_test(differences) == pytest.approx(stats.wilcoxon(differences).pvalue)


def test_what_differs_in_the_last_digits_is_equal() -> None:
    found = compare_paired([30.0, 31.0, 32.0], [30.00001, 31.0, 31.0])
    assert (found.above, found.below, found.equal) == (1, 0, 2)
    same = compare_paired([1.0, 2.0], [1.0, 2.0])
    assert (same.difference.low, same.difference.high, same.p_value, same.effect) == (0, 0, 1, 0)


def test_one_row_has_no_interval() -> None:
    found = compare_paired([2.0], [1.0])
    assert math.isnan(found.difference.low)
    assert found.p_value == 1
    assert rank_biserial([2.0]) == 1


@pytest.mark.parametrize("comparisons", [1, 3, 18, 24])
def test_the_fewest_rows_are_those_that_can_tell(comparisons: int) -> None:
    def least(rows: int) -> float:
        return float(holm([signed_rank_test(np.arange(1, rows + 1))] + [1] * (comparisons - 1))[0])

    fewest = fewest_rows(comparisons)
    assert least(fewest) <= 0.05 < least(fewest - 1)
    with pytest.raises(UsageError, match="comparisons is 0"):
        fewest_rows(0)
