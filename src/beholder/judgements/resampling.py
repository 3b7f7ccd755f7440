"""What chance makes of a study: groups drawn anew, and an interval from what comes of it."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np
from scipy.special import expit, logit, stdtrit

from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

__all__ = [
    "Interval",
    "Scale",
    "check_resampling",
    "drawn_counts",
    "ratios_to_errors",
    "studentised_interval",
]

Scale: TypeAlias = Literal["plain", "fisher", "logit", "log"]
"""On which a statistic is nearer to normal: as it is; correlations by their inverse hyperbolic tangent; shares by their
logit; errors by their logarithm."""

_NUMBERS_AT_ONCE = 2_000_000  # 16 MB
_ROUNDING = 1e-9
_FARTHEST = (
    10.0  # times the quantile of t: of two or three groups, resamples of one group alone would reach for ever
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Interval:
    """A statistic and how far chance may have moved it.

    Attributes:
        estimate: The statistic of the data as they are.
        low: Lower end of the confidence interval.
        high: Upper end.
    """

    estimate: float
    low: float
    high: float


def check_resampling(level: float, resamples: int) -> None:
    """Refuse what no interval comes of.

    Raises:
        UsageError: If ``level`` is not between 0 and 1, or ``resamples`` is less than 100.
    """
    if not 0 < level < 1:
        raise UsageError(f"level is {level}; expected a share between 0 and 1, such as 0.95.")
    if resamples < 100:
        raise UsageError(f"resamples is {resamples}; expected at least 100.")


def drawn_counts(
    multiplicities: NDArray[np.intp], resamples: int, draw: np.random.Generator
) -> Iterator[NDArray[np.float64]]:
    """How often each kind of group is drawn when as many groups as there are, are drawn with replacement.

    Args:
        multiplicities: How many groups there are of each kind, shape (k,).
        resamples: How many times all are drawn.
        draw: Where chance comes from.

    Yields:
        Some resamples at once, one a row, shape (some, k).
    """
    kinds, groups = len(multiplicities), int(multiplicities.sum())
    at_once = max(1, _NUMBERS_AT_ONCE // groups)
    for start in range(0, resamples, at_once):
        some = min(at_once, resamples - start)
        # A number of the multinomial takes about ten times as long as one draw.
        if kinds * 10 <= groups:
            yield draw.multinomial(groups, multiplicities / groups, size=some).astype(np.float64)
            continue
        drawn = draw.integers(groups, size=(some, groups))
        if kinds < groups:
            drawn = np.repeat(np.arange(kinds), multiplicities)[drawn]
        drawn += kinds * np.arange(some)[:, None]
        yield np.bincount(drawn.ravel(), minlength=some * kinds).reshape(some, kinds).astype(np.float64)


def studentised_interval(
    estimate: float,
    error: float,
    ratios: NDArray[np.float64],
    groups: int,
    level: float,
    scale: Scale = "plain",
) -> Interval:
    r"""The studentised bootstrap interval (bootstrap-t).

    With the standard error s of the statistic :math:`\theta`, and quantiles q of what resamples differ from it by, each in
    standard errors of its own, the ends are

    .. math:: h^{-1}\left(h(\theta) - q_{(1 \pm c) / 2}\, s\, h'(\theta)\right)

    for level c, where h takes the statistic to its scale.

    Args:
        estimate: The statistic of the data.
        error: Its standard error.
        ratios: Of each resample, the statistic less the estimate, by the resample's own standard error; infinite where it
            has none, shape (resamples,).
        groups: The number of groups g.
        level: Confidence level, between 0 and 1.
        scale: The scale on which the interval is taken; as it is where the statistic lies at its end (a correlation of 1).

    Returns:
        The interval; its ends are NaN where the statistic or its error is NaN.

    Raises:
        UsageError: If there is no such scale.

    References:
        Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 12.
        Deviation: quantiles are at most ten times those of t with g - 1 degrees of freedom.
    """
    if scale not in get_args(Scale):
        raise UsageError(f"scale is {scale!r}; expected one of {', '.join(get_args(Scale))}.")
    if not (math.isfinite(estimate) and math.isfinite(error)):
        return Interval(estimate=estimate, low=math.nan, high=math.nan)
    if not error:
        return Interval(estimate=estimate, low=estimate, high=estimate)
    farthest = _FARTHEST * float(stdtrit(groups - 1, (1 + level) / 2))
    quantiles = np.quantile(np.clip(ratios, -farthest, farthest), [(1 + level) / 2, (1 - level) / 2])
    there, back, slope = _scale(scale, estimate)
    low, high = (back(there - float(quantile) * error * slope) for quantile in quantiles)
    return Interval(estimate=estimate, low=low, high=high)


def ratios_to_errors(
    deviations: NDArray[np.float64], errors: NDArray[np.float64], error: float
) -> NDArray[np.float64]:
    """Deviations of resamples in standard errors of their own.

    Args:
        deviations: What each resample differs by from the data, shape (resamples,).
        errors: The standard error of each, 0 where its groups are all alike, shape (resamples,).
        error: That of the data; what is next to nothing beside it is nothing.

    Returns:
        Shape (resamples,); infinite where there is a deviation but no error.
    """
    nothing = _ROUNDING * error
    deviations = np.where(np.abs(deviations) <= nothing, 0.0, deviations)
    alone = np.where(deviations == 0, 0.0, np.copysign(np.inf, deviations))
    return np.divide(deviations, errors, out=alone, where=errors > nothing)


_LARGEST = 700.0  # beyond it exp() overflows


def _scale(scale: Scale, estimate: float) -> tuple[float, Callable[[float], float], float]:
    """The estimate on a scale, the way back, and the scale's slope there."""
    if scale == "fisher" and abs(estimate) < 1:
        return math.atanh(estimate), math.tanh, 1 / (1 - estimate**2)
    if scale == "logit" and 0 < estimate < 1:
        return float(logit(estimate)), lambda z: float(expit(z)), 1 / (estimate * (1 - estimate))
    if scale == "log" and estimate > 0:
        return math.log(estimate), lambda z: math.exp(min(z, _LARGEST)), 1 / estimate
    return estimate, lambda z: z, 1.0
