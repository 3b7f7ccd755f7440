"""How well a metric follows opinions: every figure with its interval."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from beholder.judgements import (
    Interval,
    fit_logistic,
    grouped_interval,
    grouped_roc,
    kendall,
    pair_up,
    pearson,
    spearman,
)
from beholder.judgements.correlations import root_mean_squared_error

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["UNKNOWN", "score_ratings", "with_interval"]

UNKNOWN = Interval(estimate=math.nan, low=math.nan, high=math.nan)
"""Where there is no figure."""


def with_interval(name: str, interval: Interval) -> dict[str, float]:
    """A figure and the ends of its interval, under its name."""
    return {name: interval.estimate, f"{name}_low": interval.low, f"{name}_high": interval.high}


def score_ratings(
    scores: NDArray[np.float64],
    opinions: NDArray[np.float64],
    standard_errors: NDArray[np.float64] | None,
    groups: NDArray[Any],
    **options: Any,
) -> dict[str, float]:
    """Correlations, errors after a curve, and the ROC analysis of pairs.

    Intervals of PLCC and RMSE hold the curve that fits all rows: since it is the best there, they do not hang on it to the
    first order.

    Args:
        scores: A metric's, higher better, shape (n,).
        opinions: Higher better, shape (n,).
        standard_errors: Of opinions, NaN where not known, or ``None``, shape (n,). Where none is known, every two opinions that
            are not equal count as told apart, and `auc_different` is NaN.
        groups: Label of each row's group, shape (n,).
        options: Level, resamples and seed of the intervals.

    Returns:
        `srcc` with `low` and `high`, and with an interval each (`with_interval`) `krcc`; `plcc` and `rmse` after a logistic
        of 4 parameters, `plcc_5` and `rmse_5` of 5; `auc_different`, `auc_better` and `correct` of
        `beholder.judgements.roc.PairwiseROC`. NaN where scores or opinions are constant.

    Raises:
        UsageError: If there are too few rows or groups, or an option is impossible.
    """
    columns = scores, opinions
    srcc, krcc = (
        grouped_interval(statistic, columns, groups, scale="fisher", **options)
        for statistic in (spearman, kendall)
    )
    told = {"srcc": srcc.estimate, "low": srcc.low, "high": srcc.high, **with_interval("krcc", krcc)}
    for parameters, ending in ((4, ""), (5, "_5")):
        plcc = rmse = UNKNOWN
        if np.ptp(scores) and np.ptp(opinions):
            foretold = fit_logistic(scores, opinions, parameters=parameters)(scores)  # type: ignore[arg-type]
            plcc = grouped_interval(pearson, (foretold, opinions), groups, scale="fisher", **options)
            rmse = grouped_interval(
                root_mean_squared_error, (foretold, opinions), groups, scale="log", **options
            )
        told |= with_interval(f"plcc{ending}", plcc) | with_interval(f"rmse{ending}", rmse)
    return told | _roc(scores, opinions, standard_errors, groups, options)


def _roc(
    scores: NDArray[np.float64],
    opinions: NDArray[np.float64],
    standard_errors: NDArray[np.float64] | None,
    groups: NDArray[Any],
    options: dict[str, Any],
) -> dict[str, float]:
    pairs = pair_up(opinions, standard_errors, seed=options["seed"])
    different = better = correct = UNKNOWN
    if len(pairs.first):
        found = grouped_roc(scores, pairs, groups, **options)
        better, correct = found.better_worse, found.correct
        if standard_errors is not None and not np.isnan(standard_errors).all():
            different = found.different_similar
    return (
        with_interval("auc_different", different)
        | with_interval("auc_better", better)
        | with_interval("correct", correct)
    )
