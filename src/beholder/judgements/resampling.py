"""What chance makes of a study: groups drawn anew, and an interval from what comes of it."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri, stdtrit

from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["Interval", "accelerated_interval", "check_resampling", "drawn_counts"]

_NUMBERS_AT_ONCE = 2_000_000  # 16 MB
_ROUNDING = 1e-9


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


def accelerated_interval(
    estimate: float,
    resampled: NDArray[np.float64],
    influences: NDArray[np.float64],
    groups: int,
    level: float,
) -> Interval:
    r"""The bias-corrected and accelerated (BCa) interval of Efron, with quantiles widened for few groups.

    The ends are quantiles of the resampled statistic. Normal quantiles :math:`z` in Efron's formula are replaced by
    :math:`\sqrt{g / (g - 1)}\, t_{g - 1}`, with g groups, which makes up for resamples that vary less than studies do.

    Args:
        estimate: The statistic of the data.
        resampled: The statistic of each resample, shape (resamples,).
        influences: How much each group, or block of groups, moves the statistic up, shape (b,); any scale.
        groups: The number of groups.
        level: Confidence level, between 0 and 1.

    Returns:
        The interval; its ends are NaN where the statistic is NaN for the data, for any resample, or with any block
        left out.

    References:
        Efron, "Better Bootstrap Confidence Intervals", JASA 1987, doi:10.1080/01621459.1987.10478410; Hesterberg, "What
        Teachers Should Know About the Bootstrap", The American Statistician 2015, doi:10.1080/00031305.2015.1089789
        (who widens the percentile interval so).
    """
    if not all(np.isfinite(numbers).all() for numbers in (estimate, resampled, influences)):
        return Interval(estimate=estimate, low=math.nan, high=math.nan)
    offsets = resampled - estimate
    # Equal but for the last digits is equal, and lies half below.
    nothing = _ROUNDING * float(np.abs(offsets).max())
    below = np.mean([np.count_nonzero(offsets < -nothing), np.count_nonzero(offsets <= nothing)])
    bias = float(ndtri((below + 0.5) / (len(resampled) + 1)))
    spread = float(np.sum(influences**2))
    acceleration = float(np.sum(influences**3)) / (6 * spread**1.5) if spread else 0.0
    reach = math.sqrt(groups / (groups - 1)) * float(stdtrit(groups - 1, (1 + level) / 2))
    shares = [_share(bias + side * reach, bias, acceleration) for side in (-1, 1)]
    low, high = np.quantile(resampled, shares)
    return Interval(estimate=estimate, low=float(low), high=float(high))


def _share(shifted: float, bias: float, acceleration: float) -> float:
    """Which quantile of the resamples is an end of the interval."""
    shrink = 1 - acceleration * shifted
    if shrink <= 0:  # beyond where Efron's approximation turns back
        return 1.0 if shifted > 0 else 0.0
    return float(ndtr(bias + shifted / shrink))
