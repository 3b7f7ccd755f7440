"""Two makers of the same things, such as two networks that restored the same pictures: which has the better scores."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata, wilcoxon

from beholder.judgements.bootstrap import Interval, mean_interval
from beholder.judgements.columns import check_columns
from beholder.judgements.testing import sign_flip_test
from beholder.spec import UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "PairedDifference",
    "compare_paired",
    "fewest_rows",
    "rank_biserial",
    "row_interval",
    "signed_rank_test",
]

_ALL_SIGNS = 13  # rows up to which every way to set signs is tried: equal ranks do no harm there
_ROUNDING = 1e-6  # of the largest score: scores are computed in float32


@dataclasses.dataclass(frozen=True, kw_only=True)
class PairedDifference:
    """Scores of two on the same rows.

    Attributes:
        difference: Mean of the first less mean of the second, with its interval.
        above: Rows in which the first has the higher score.
        below: Rows in which the second has.
        equal: Rows in which neither has.
        effect: How much the one prevails, see `rank_biserial`: 1 where the first is above in every row.
        p_value: Chance of so much, either way, were there no difference: `signed_rank_test`.
    """

    difference: Interval
    above: int
    below: int
    equal: int
    effect: float
    p_value: float


def compare_paired(
    first: ArrayLike, second: ArrayLike, *, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> PairedDifference:
    """Compare the scores of two on the same rows; each row is a group of its own.

    Args:
        first: Scores of the first, shape (n,), n at least 1.
        second: Those of the second, on the same rows, shape (n,).
        level: Confidence level of the interval, between 0 and 1.
        resamples: How often rows are drawn for the interval, at least 100.
        seed: Where chance starts from.

    Returns:
        The difference with its interval, wins of either side, effect and p-value. What differs by less than a millionth
        of the largest score is equal.

    Raises:
        UsageError: If the columns differ in length, a score is not finite, or an option is impossible.
    """
    left, right = check_columns(first=first, second=second)
    differences = left - right
    largest = max(float(np.abs(left).max()), float(np.abs(right).max()))
    differences[np.abs(differences) <= _ROUNDING * largest] = 0
    return PairedDifference(
        difference=row_interval(differences, level=level, resamples=resamples, seed=seed),
        above=int((differences > 0).sum()),
        below=int((differences < 0).sum()),
        equal=int((differences == 0).sum()),
        effect=rank_biserial(differences),
        p_value=signed_rank_test(differences),
    )


def row_interval(values: ArrayLike, *, level: float = 0.95, resamples: int = 2000, seed: int = 0) -> Interval:
    """`mean_interval <beholder.judgements.bootstrap.mean_interval>` of rows that are groups of their own.

    Returns:
        The mean and its interval, whose ends are NaN where there is one row only.

    Raises:
        UsageError: If there is no row, a value is not finite, or an option is impossible.
    """
    (column,) = check_columns(values=values)
    if len(column) < 2:
        return Interval(estimate=float(column[0]), low=math.nan, high=math.nan)
    return mean_interval(column, np.arange(len(column)), level=level, resamples=resamples, seed=seed)


def signed_rank_test(differences: ArrayLike) -> float:
    """P-value of Wilcoxon's signed-rank test: whether differences are as often and as far below 0 as above.

    Differences of 0 are left out. Of up to 13 others every way to set their signs is tried, so that the p-value is exact
    even with ties; of up to 50 it is exact without them; else it is that of the normal law.

    Args:
        differences: One for each row, shape (n,).

    Returns:
        Two-sided, in (0, 1]; 1 where no difference is left, or one.

    Raises:
        UsageError: If there is no row, or a difference is not finite.

    References:
        Wilcoxon, "Individual Comparisons by Ranking Methods", Biometrics Bulletin 1945, doi:10.2307/3001968.
    """
    ranks = _signed_ranks(differences)
    if len(ranks) < 2:
        return 1.0
    if len(ranks) <= _ALL_SIGNS:
        return sign_flip_test(ranks, np.arange(len(ranks)))
    # Of the ranks' own ranks nothing is new, and what was equal but for the last digits stays so.
    return float(wilcoxon(ranks).pvalue)


def rank_biserial(differences: ArrayLike) -> float:
    r"""The effect that belongs to Wilcoxon's test: the matched-pairs rank-biserial correlation.

    .. math:: \frac{W_+ - W_-}{W_+ + W_-}

    with :math:`W_+` the sum of the ranks of positive differences among all by their size, and :math:`W_-` of negative
    ones; differences of 0 are left out.

    Args:
        differences: One for each row, shape (n,).

    Returns:
        In [-1, 1]; 0 where no difference is left.

    Raises:
        UsageError: If there is no row, or a difference is not finite.

    References:
        Kerby, "The Simple Difference Formula", Comprehensive Psychology 2014, doi:10.2466/11.IT.3.1.
    """
    ranks = _signed_ranks(differences)
    return float(ranks.sum() / np.abs(ranks).sum()) if len(ranks) else 0.0


def fewest_rows(comparisons: int, level: float = 0.05) -> int:
    """Rows that `signed_rank_test` needs to tell anything apart, were it the first of so many comparisons by Holm's method.

    With n rows no p-value is below :math:`2^{1-n}`.

    Args:
        comparisons: How many there are, at least 1.
        level: What the adjusted p-value must not exceed.

    Raises:
        UsageError: If there is no comparison, or the level is not between 0 and 1.
    """
    if comparisons < 1 or not 0 < level < 1:
        raise UsageError(
            f"comparisons is {comparisons} and level {level}; expected 1 or more, and a share between 0 and 1."
        )
    return 1 + math.ceil(math.log2(comparisons / level))


def _signed_ranks(differences: ArrayLike) -> NDArray[np.float64]:
    """Ranks of the differences that are not 0, by their size, each with its sign."""
    (column,) = check_columns(differences=differences)
    moving = column[np.flatnonzero(column)]
    if not len(moving):
        return moving
    sizes = np.round(np.abs(moving) / np.abs(moving).max(), 9)
    ranks: NDArray[np.float64] = np.asarray(np.sign(moving) * rankdata(sizes), dtype=np.float64)
    return ranks
