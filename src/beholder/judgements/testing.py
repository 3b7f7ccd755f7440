"""Whether two metrics differ by more than chance, on the same judgements."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata

from beholder.judgements.bootstrap import Interval, mean_interval
from beholder.judgements.columns import check_columns, check_shares
from beholder.judgements.groups import group_sums, number_groups
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

__all__ = ["Comparison", "compare_means", "holm", "sign_flip_test", "swap_test"]

_NUMBERS_AT_ONCE = 2_000_000
# Sums that should be equal differ in their last digits with the order of rows.
_ROUNDING = 1e-9


@dataclasses.dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two metrics on the same rows.

    Attributes:
        difference: Mean of the first less mean of the second, with its interval.
        p_value: Chance of a difference at least so large, either way, were there none (`sign_flip_test`).
    """

    difference: Interval
    p_value: float


def compare_means(
    first: ArrayLike,
    second: ArrayLike,
    groups: ArrayLike,
    *,
    level: float = 0.95,
    resamples: int = 2000,
    flips: int = 10_000,
    seed: int = 0,
) -> Comparison:
    """Compare two metrics' mean agreement with people, with groups of rows as units.

    Args:
        first: A value of the first metric for each row, such as its
            `agreements <beholder.judgements.twoafc.agreements>`, shape (n,).
        second: The second metric's, on the same rows, shape (n,).
        groups: Label of each row's group, such as the reference picture, shape (n,).
        level: Confidence level of the interval, between 0 and 1.
        resamples: How often groups are drawn for the interval, at least 100.
        flips: How often signs are flipped for the p-value, at least 100.
        seed: Where chance starts from.

    Returns:
        The difference with its interval (`beholder.judgements.bootstrap.mean_interval`), and the p-value.

    Raises:
        UsageError: If the columns differ in length, a value is not finite, there are fewer than two groups, or an option
            is impossible.
    """
    left, right = check_columns(first=first, second=second)
    difference = mean_interval(left - right, groups, level=level, resamples=resamples, seed=seed)
    return Comparison(
        difference=difference, p_value=sign_flip_test(left - right, groups, flips=flips, seed=seed)
    )


def sign_flip_test(differences: ArrayLike, groups: ArrayLike, *, flips: int = 10_000, seed: int = 0) -> float:
    """P-value of a mean difference, by flipping the signs of whole groups.

    Were two metrics alike, a group's sum of differences would as likely have the other sign.

    Args:
        differences: The first metric's value less the second's in each row, shape (n,).
        groups: Label of each row's group, shape (n,).
        flips: How often signs are drawn, at least 100. Where there are no more ways to flip them, each is taken once,
            and the p-value is exact.
        seed: Where chance starts from.

    Returns:
        Two-sided, in (0, 1]; drawn at random it is at least 1 / (flips + 1), since the data count as one draw.

    Raises:
        UsageError: If the columns differ in length, a number is not finite, there are fewer than two groups, or
            ``flips`` is less than 100.

    References:
        Phipson and Smyth, "Permutation P-values Should Never Be Zero", 2010, doi:10.2202/1544-6115.1585.
    """
    if flips < 100:
        raise UsageError(f"flips is {flips}; expected at least 100.")
    (column,) = check_columns(differences=differences)
    numbers, count = number_groups(groups, len(column))
    sums, _ = group_sums(column, numbers, count)
    largest = float(np.abs(column).max())
    moving = sums[np.abs(sums) > _ROUNDING * largest] / (largest or 1.0)
    if not len(moving):
        return 1.0
    least = abs(float(moving.sum())) - _ROUNDING * float(np.abs(moving).sum())
    if len(moving) <= math.log2(flips):
        ways = np.arange(2 ** len(moving))[:, None] >> np.arange(len(moving)) & 1
        return float(np.mean(np.abs((2 * ways - 1) @ moving) >= least))
    reached = np.count_nonzero(np.abs(_flipped(np.abs(moving), flips, seed)) >= least)
    return (reached + 1) / (flips + 1)


def _flipped(magnitudes: NDArray[np.float64], flips: int, seed: int) -> NDArray[np.float64]:
    """Sums of numbers with signs drawn at random, shape (flips,)."""
    draw = np.random.default_rng(seed)
    kinds, multiplicities = np.unique(np.round(magnitudes, 12), return_counts=True)
    if len(kinds) * 10 <= len(magnitudes):
        positive = draw.binomial(multiplicities, 0.5, size=(flips, len(kinds)))
        return np.asarray((2 * positive - multiplicities) @ kinds)
    at_once = max(1, _NUMBERS_AT_ONCE // len(magnitudes))
    sums = [
        draw.integers(2, size=(min(at_once, flips - start), len(magnitudes)), dtype=np.int8) @ magnitudes
        for start in range(0, flips, at_once)
    ]
    return np.asarray(2 * np.concatenate(sums) - magnitudes.sum())


def swap_test(
    statistic: Callable[[NDArray[np.float64], NDArray[np.float64]], float],
    first: ArrayLike,
    second: ArrayLike,
    answers: ArrayLike,
    groups: ArrayLike,
    *,
    swaps: int = 2000,
    seed: int = 0,
) -> float:
    """P-value of the difference of a statistic of ranks between two metrics, by swapping them in whole groups.

    Were two metrics alike, it would not matter which of them judged a group. They are compared by their ranks, so that
    their units do not matter.

    Args:
        statistic: Called with a column of ranks and the answers: ``spearman``, or ``average_precision``. It must look at
            the order of the scores only.
        first: The first metric's scores, shape (n,).
        second: The second metric's, on the same rows, shape (n,).
        answers: What people said, shape (n,).
        groups: Label of each row's group, such as the reference picture, shape (n,).
        swaps: How often swaps are drawn, at least 100.
        seed: Where chance starts from.

    Returns:
        Two-sided, in (0, 1], at least 1 / (swaps + 1), since the data count as one draw; NaN where the statistic is NaN.

    Raises:
        UsageError: If the columns differ in length, a number is not finite, there are fewer than two groups, or
            ``swaps`` is less than 100.
    """
    if swaps < 100:
        raise UsageError(f"swaps is {swaps}; expected at least 100.")
    left, right, said = check_columns(first=first, second=second, answers=answers)
    numbers, count = number_groups(groups, len(left))
    left, right = rankdata(left), rankdata(right)
    found = abs(statistic(left, said) - statistic(right, said))
    if math.isnan(found):
        return math.nan
    draw = np.random.default_rng(seed)
    reached = 0
    for _ in range(swaps):
        swapped = draw.integers(2, size=count, dtype=np.int8).astype(bool)[numbers]
        one, other = np.where(swapped, right, left), np.where(swapped, left, right)
        reached += abs(statistic(one, said) - statistic(other, said)) >= found * (1 - _ROUNDING) - _ROUNDING
    return (reached + 1) / (swaps + 1)


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """P-values adjusted for their number by Holm's method: below 0.05, all that are called differences are, but in 5% of studies.

    Args:
        p_values: One for each comparison, in [0, 1], shape (m,).

    Returns:
        Adjusted p-values in the same order, in [0, 1], shape (m,).

    Raises:
        UsageError: If there is none, or one leaves [0, 1].

    References:
        Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of Statistics 1979.
    """
    (found,) = check_columns(p_values=p_values)
    check_shares(p_values=found)
    order = np.argsort(found, kind="stable")
    scaled = np.maximum.accumulate(found[order] * np.arange(len(found), 0, -1))
    adjusted = np.empty_like(found)
    adjusted[order] = np.minimum(scaled, 1)
    return adjusted
