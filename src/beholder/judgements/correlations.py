"""How closely a metric's scores follow people's opinions: in rank, and along a curve."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from beholder.judgements.columns import check_columns, is_constant
from beholder.judgements.logistic import Parameters, check_parameters, fit_logistic

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Correlations", "correlate", "kendall", "pearson", "root_mean_squared_error", "spearman"]

_FEWEST = 2


@dataclasses.dataclass(frozen=True, kw_only=True)
class Correlations:
    """Correlations of a metric with people.

    Attributes:
        srcc: Spearman's rank correlation, in [-1, 1]; negative where lower scores go with higher opinions.
        krcc: Kendall's tau-b, in [-1, 1], with the same sign.
        plcc: Pearson's correlation of the curve's opinions with people's, in [-1, 1]; the curve takes the metric's
            direction away. Without a curve, of the scores themselves.
        rmse: Root mean squared error of the curve's opinions, in units of opinions. Without a curve, of the scores
            themselves.
    """

    srcc: float
    krcc: float
    plcc: float
    rmse: float


def correlate(scores: ArrayLike, opinions: ArrayLike, *, logistic: Parameters | None = 4) -> Correlations:
    """SRCC, KRCC, and PLCC and RMSE after a logistic curve.

    Args:
        scores: A metric's scores, shape (n,), higher or lower better.
        opinions: Mean opinions on the same pictures, or their differences, shape (n,).
        logistic: Parameters of the curve, 4 or 5 (`beholder.judgements.logistic.Logistic`), or ``None`` for none.

    Returns:
        The correlations. All are NaN where scores or opinions are all the same; so is the error, but for
        ``logistic=None``.

    Raises:
        UsageError: If the columns differ in length, a number is not finite, or there are fewer than two rows, or not
            more than the curve has parameters.

    References:
        ITU-T P.1401, "Methods, metrics and procedures for statistical evaluation, qualification and comparison of
        objective quality prediction models", 2020.
        Deviation: the error divides by n, not by n less the number of parameters.
    """
    if logistic is not None:
        check_parameters(logistic)
    x, y = check_columns(_FEWEST if logistic is None else logistic + 1, scores=scores, opinions=opinions)
    if is_constant(x) or is_constant(y):
        error = math.nan if logistic is not None else root_mean_squared_error(x, y)
        return Correlations(srcc=math.nan, krcc=math.nan, plcc=math.nan, rmse=error)
    foretold = x if logistic is None else fit_logistic(x, y, parameters=logistic)(x)
    return Correlations(
        srcc=spearman(x, y),
        krcc=kendall(x, y),
        plcc=pearson(foretold, y),
        rmse=root_mean_squared_error(foretold, y),
    )


def pearson(x: ArrayLike, y: ArrayLike) -> float:
    """Pearson's correlation of two columns of shape (n,): in [-1, 1], or NaN where one is constant.

    Raises:
        UsageError: If the columns differ in length, a number is not finite, or there are fewer than two rows.
    """
    return _correlation(*check_columns(_FEWEST, x=x, y=y))


def spearman(x: ArrayLike, y: ArrayLike) -> float:
    """Spearman's rank correlation, ties at their mean rank; else as `pearson`."""
    left, right = check_columns(_FEWEST, x=x, y=y)
    return _correlation(stats.rankdata(left), stats.rankdata(right))


def kendall(x: ArrayLike, y: ArrayLike) -> float:
    """Kendall's tau-b; else as `pearson`."""
    left, right = check_columns(_FEWEST, x=x, y=y)
    if is_constant(left) or is_constant(right):
        return math.nan
    return float(stats.kendalltau(left, right).statistic)


def root_mean_squared_error(x: ArrayLike, y: ArrayLike) -> float:
    """Root of the mean squared difference of two columns of shape (n,), in their units.

    Raises:
        UsageError: If the columns differ in length or are empty, or a number is not finite.
    """
    left, right = check_columns(x=x, y=y)
    return float(np.sqrt(np.mean(np.square(left - right))))


def _correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    if is_constant(x) or is_constant(y):
        return math.nan
    left, right = _direction(x), _direction(y)
    return float(np.clip(left @ right, -1, 1))


def _direction(column: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = column - column.mean()
    centred /= np.abs(centred).max()  # so that squares neither overflow nor vanish
    direction: NDArray[np.float64] = centred / np.sqrt(centred @ centred)
    return direction
