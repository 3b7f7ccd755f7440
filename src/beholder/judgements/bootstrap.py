"""Confidence intervals by resampling groups: all triplets of one reference picture come and go together."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from beholder.judgements.columns import check_columns
from beholder.judgements.groups import group_sums, number_groups
from beholder.judgements.resampling import (
    Interval,
    check_resampling,
    drawn_counts,
    ratios_to_errors,
    studentised_interval,
)
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from beholder.judgements.resampling import Scale

__all__ = ["Interval", "grouped_interval", "influence_interval", "mean_interval"]

_MOST_BLOCKS = 200  # of groups that are left out, one at a time
_ROUNDING = 1e-9


def mean_interval(
    values: ArrayLike,
    groups: ArrayLike,
    *,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Interval:
    """Confidence interval of a mean over rows, such as a 2AFC score, by resampling groups of rows.

    A group that is drawn comes with all its rows, so that a mean over groups of unlike sizes moves as it would from one
    study to the next. Only groups' sums are resampled, and groups with equal sums are drawn together. Method:
    `beholder.judgements.resampling.studentised_interval`; the standard error is that of a ratio of sums over groups.

    Args:
        values: One value for each row, shape (n,).
        groups: Label of each row's group, shape (n,), text or numbers.
        level: Confidence level, between 0 and 1.
        resamples: How often groups are drawn, at least 100.
        seed: Where chance starts from; the same seed gives the same interval.

    Returns:
        The mean of all rows and its interval, which does not reach beyond the least and the greatest value.

    Raises:
        UsageError: If the columns differ in length, a value is not finite, there are fewer than two groups, or an option
            is impossible.
    """
    check_resampling(level, resamples)
    (column,) = check_columns(values=values)
    numbers, count = number_groups(groups, len(column))
    estimate = float(column.mean())
    sums, sizes = group_sums(column - estimate, numbers, count)
    largest = float(np.abs(column).max())
    if np.abs(sums).max() <= _ROUNDING * largest:
        return Interval(estimate=estimate, low=estimate, high=estimate)
    rounded = np.round(sums / largest, 12)  # equal but for the last digits is equal
    kinds, multiplicities = np.unique(np.stack([rounded, sizes], axis=1), axis=0, return_counts=True)
    draw = np.random.default_rng(seed)
    s, n = kinds.T
    powers = np.stack([s, n, s * s, s * n, n * n], axis=1)
    totals = np.concatenate([counts @ powers for counts in drawn_counts(multiplicities, resamples, draw)])
    deviations, errors = _ratios_of_sums(totals, count)
    (_,), (error,) = _ratios_of_sums((multiplicities @ powers)[None], count)
    ratios = ratios_to_errors(deviations, errors, float(error))
    found = studentised_interval(estimate, float(error) * largest, ratios, count, level)
    return Interval(
        estimate=estimate, low=max(found.low, float(column.min())), high=min(found.high, float(column.max()))
    )


def _ratios_of_sums(
    totals: NDArray[np.float64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Means and their standard errors, from totals of groups' sums s, sizes n, s s, s n and n n, shape (k, 5)."""
    s, n, ss, sn, nn = totals.T
    means = s / n
    squares = np.maximum(ss - 2 * means * sn + means**2 * nn, 0)
    return means, np.sqrt(squares * count / (count - 1)) / n


def grouped_interval(
    statistic: Callable[..., float],
    columns: Sequence[ArrayLike],
    groups: ArrayLike,
    *,
    scale: Scale = "plain",
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Interval:
    """Confidence interval of any smooth statistic by resampling groups of rows.

    What each group moves the statistic by is found by leaving it out, of more than 200 groups in 200 blocks of them, and
    resampled: `influence_interval`. So the statistic is asked for at most 201 times, however often groups are drawn.

    Args:
        statistic: Called with the columns of some groups, gives a number: ``spearman``, or ``average_precision``, or a
            function of your own. It must not mind the order of rows.
        columns: What it is called with, each of shape (n, ...).
        groups: Label of each row's group, shape (n,), text or numbers.
        scale: On which the interval is taken: ``"fisher"`` for correlations, ``"logit"`` for shares in [0, 1], ``"log"``
            for errors, ``"plain"`` for differences.
        level: Confidence level, between 0 and 1.
        resamples: How often groups are drawn, at least 100.
        seed: Where chance starts from; the same seed gives the same interval.

    Returns:
        The statistic of the columns and its interval, whose ends are NaN where the statistic is NaN for the data or
        with any block left out.

    Raises:
        UsageError: If there is no column, columns differ in length, there are fewer than two groups, or an option is
            impossible.
    """
    check_resampling(level, resamples)
    arrays = _same_length(columns)
    numbers, count = number_groups(groups, len(arrays[0]))
    estimate = float(statistic(*arrays))
    blocks = min(count, _MOST_BLOCKS)
    # Blocks of as many groups, give or take one, mixed by chance.
    block = (np.random.default_rng(seed).permutation(count) % blocks)[numbers]
    # A statistic wants two rows at least; where one is left, what the block moves is not known.
    left = np.array(
        [
            statistic(*[array[block != each] for array in arrays]) if (block != each).sum() > 1 else math.nan
            for each in range(blocks)
        ]
    )
    influences = (blocks - 1) * (left.mean() - left)
    return influence_interval(estimate, influences, scale=scale, level=level, resamples=resamples, seed=seed)


def influence_interval(
    estimate: float,
    influences: ArrayLike,
    *,
    scale: Scale = "plain",
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Interval:
    r"""Confidence interval of a statistic from how groups move it.

    The statistic of a resample is taken to be the estimate plus the mean of the influences that are drawn, with the
    standard error of that mean: a linearised bootstrap. Method: `beholder.judgements.resampling.studentised_interval`.

    Args:
        estimate: The statistic of the data.
        influences: How far the statistic would go, were all groups like this one, by its slope; shape (g,). Their mean is
            taken off.
        scale: As for `grouped_interval`.
        level: Confidence level, between 0 and 1.
        resamples: How often groups are drawn, at least 100.
        seed: Where chance starts from.

    Returns:
        The interval; its ends are NaN where the estimate or an influence is.

    Raises:
        UsageError: If there are fewer than two influences, or an option is impossible.

    References:
        Davison and Hinkley, "Bootstrap Methods and their Application", 1997, doi:10.1017/CBO9780511802843, section 2.7.
    """
    check_resampling(level, resamples)
    moves = np.asarray(influences, dtype=np.float64)
    groups = len(moves)
    if groups < 2:
        raise UsageError(f"influences are of {groups} groups; expected at least 2.")
    if not (math.isfinite(estimate) and np.isfinite(moves).all()):
        return Interval(estimate=estimate, low=math.nan, high=math.nan)
    moves = moves - moves.mean()
    largest = float(np.abs(moves).max())
    if largest <= _ROUNDING * abs(estimate):
        return Interval(estimate=estimate, low=estimate, high=estimate)
    kinds, multiplicities = np.unique(np.round(moves / largest, 12), return_counts=True)
    powers = np.stack([kinds, kinds**2], axis=1)
    draw = np.random.default_rng(seed)
    totals = np.concatenate([counts @ powers for counts in drawn_counts(multiplicities, resamples, draw)])
    means, squares = totals.T / groups
    errors = np.sqrt(np.maximum(squares - means**2, 0) / (groups - 1))
    error = float(np.sqrt(np.mean((moves / largest) ** 2) / (groups - 1)))
    ratios = ratios_to_errors(means, errors, error)
    return studentised_interval(estimate, error * largest, ratios, groups, level, scale)


def _same_length(columns: Sequence[ArrayLike]) -> list[NDArray[Any]]:
    arrays = [np.asarray(column) for column in columns]
    if not arrays:
        raise UsageError("columns is empty; expected what the statistic is called with.")
    shapes = [array.shape for array in arrays]
    if not all(shapes) or len({shape[0] for shape in shapes}) > 1:
        raise UsageError(f"columns have the shapes {shapes}; expected as many rows in each.")
    return arrays
