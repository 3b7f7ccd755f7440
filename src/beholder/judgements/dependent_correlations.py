"""Whether two metrics correlate unlike with the same opinions."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Literal

from scipy import stats
from scipy.special import ndtr, stdtr

from beholder.judgements.columns import check_columns, is_constant
from beholder.judgements.correlations import pearson
from beholder.spec import UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["CorrelationTest", "compare_correlations", "steiger_test", "williams_test"]

_FEWEST = 4


@dataclasses.dataclass(frozen=True, kw_only=True)
class CorrelationTest:
    """A test of the difference of two correlations.

    Attributes:
        difference: The first correlation less the second.
        statistic: Williams' t with n - 3 degrees of freedom, or Steiger's z.
        p_value: Chance of a difference at least so large, either way, were there none.
    """

    difference: float
    statistic: float
    p_value: float


def williams_test(first: float, second: float, between: float, rows: int) -> CorrelationTest:
    r"""Williams' t test of two correlations that share a variable, which Steiger recommends.

    .. math::
        t = (r_1 - r_2) \sqrt{\frac{(n - 1)(1 + r)}{2 \frac{n - 1}{n - 3} |R| + \bar r^2 (1 - r)^3}}

    where :math:`|R| = 1 - r_1^2 - r_2^2 - r^2 + 2 r_1 r_2 r` and :math:`\bar r = (r_1 + r_2) / 2`.

    Args:
        first: Correlation :math:`r_1` of the first metric with people, in [-1, 1].
        second: Correlation :math:`r_2` of the second, on the same rows.
        between: Correlation :math:`r` of the two metrics.
        rows: The number of rows n, at least 4.

    Returns:
        The test, with n - 3 degrees of freedom.

    Raises:
        UsageError: If a correlation leaves [-1, 1], no three columns have these, or there are fewer than four rows.

    References:
        Williams, "The Comparison of Regression Variables", JRSS B 1959; Steiger, "Tests for Comparing Elements of a
        Correlation Matrix", Psychological Bulletin 1980, doi:10.1037/0033-2909.87.2.245, eq. 7.
    """
    determinant = _check(first, second, between, rows)
    mean = (first + second) / 2
    below = 2 * (rows - 1) / (rows - 3) * determinant + mean**2 * (1 - between) ** 3
    above = (rows - 1) * (1 + between)
    statistic = _ratio((first - second) * math.sqrt(above), math.sqrt(below))
    return CorrelationTest(
        difference=first - second,
        statistic=statistic,
        p_value=float(2 * stdtr(rows - 3, -abs(statistic))),
    )


def steiger_test(first: float, second: float, between: float, rows: int) -> CorrelationTest:
    r"""Steiger's z test of two correlations that share a variable, after Fisher's transform.

    .. math::
        z = (\operatorname{artanh} r_1 - \operatorname{artanh} r_2) \sqrt{\frac{n - 3}{2 - 2 s}}, \quad
        s = \frac{r (1 - 2 \bar r^2) - \tfrac12 \bar r^2 (1 - 2 \bar r^2 - r^2)}{(1 - \bar r^2)^2}

    Args:
        first: As `williams_test`, but within (-1, 1).
        second: Likewise.
        between: As `williams_test`.
        rows: As `williams_test`.

    Returns:
        The test.

    Raises:
        UsageError: As `williams_test`, and if ``first`` or ``second`` is -1 or 1.

    References:
        Steiger 1980, eq. 14, the covariance at the mean of both correlations.
    """
    _check(first, second, between, rows)
    if 1 in (abs(first), abs(second)):
        raise UsageError(
            f"the correlations are {first:g} and {second:g}; expected them within (-1, 1): Fisher's transform of 1 is "
            "infinite. williams_test takes them."
        )
    square = ((first + second) / 2) ** 2
    shared = between * (1 - 2 * square) - square * (1 - 2 * square - between**2) / 2
    spread = 2 - 2 * shared / (1 - square) ** 2
    step = (math.atanh(first) - math.atanh(second)) * math.sqrt(rows - 3)
    statistic = _ratio(step, math.sqrt(max(spread, 0.0)))
    return CorrelationTest(
        difference=first - second, statistic=statistic, p_value=float(2 * ndtr(-abs(statistic)))
    )


def compare_correlations(
    first: ArrayLike,
    second: ArrayLike,
    opinions: ArrayLike,
    *,
    kind: Literal["spearman", "pearson"] = "spearman",
) -> CorrelationTest:
    """Compare how two metrics correlate with people, by `williams_test`.

    Rows must not hang together: where many share a reference picture, take
    `grouped_interval <beholder.judgements.bootstrap.grouped_interval>` of the difference instead.

    Args:
        first: Scores of the first metric, shape (n,). Both metrics must have the same direction: turn the sign of one
            if need be.
        second: Scores of the second on the same rows, shape (n,).
        opinions: Mean opinions, shape (n,).
        kind: ``"pearson"``, or ``"spearman"``: the same of ranks, which is an approximation. For PLCC after a logistic
            give both metrics' opinions by their curves.

    Returns:
        The test; NaN where a column is constant.

    Raises:
        UsageError: If the columns differ in length, a number is not finite, there are fewer than four rows, or there
            is no such ``kind``.
    """
    columns = check_columns(_FEWEST, first=first, second=second, opinions=opinions)
    if kind not in ("spearman", "pearson"):
        raise UsageError(f"kind is {kind!r}; expected 'spearman' or 'pearson'.")
    if any(is_constant(column) for column in columns):
        return CorrelationTest(difference=math.nan, statistic=math.nan, p_value=math.nan)
    left, right, people = map(stats.rankdata, columns) if kind == "spearman" else columns
    return williams_test(pearson(left, people), pearson(right, people), pearson(left, right), len(people))


def _check(first: float, second: float, between: float, rows: int) -> float:
    """The determinant of the correlations' matrix, after they were found possible."""
    if rows < _FEWEST:
        raise UsageError(f"there are {rows} rows; expected at least {_FEWEST}.")
    for name, correlation in (("first", first), ("second", second), ("between", between)):
        if not -1 <= correlation <= 1:
            raise UsageError(f"{name} is {correlation}; expected a correlation, from -1 to 1.")
    determinant = 1 - first**2 - second**2 - between**2 + 2 * first * second * between
    if determinant < -1e-9:
        raise UsageError(
            f"the correlations {first:g}, {second:g} and, between the metrics, {between:g} do not go together: no three "
            "columns have them. Expected all three from the same rows."
        )
    return max(determinant, 0.0)


def _ratio(above: float, below: float) -> float:
    """A statistic, 0 for equal correlations of metrics whose scores say the same."""
    if below:
        return above / below
    return math.copysign(math.inf, above) if above else 0.0
