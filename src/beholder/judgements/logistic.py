"""Logistic curves that take a metric's scores to the scale of people's opinions."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from scipy.optimize import least_squares
from scipy.special import expit

from beholder.judgements.columns import check_columns, is_constant
from beholder.spec import UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Logistic", "Parameters", "check_parameters", "fit_logistic"]

Parameters = Literal[4, 5]

# In standard deviations of the scores. Narrower is a step. Wider is a straight line or, where a slope of its own has taken
# the line away, a cubic, of ever larger parameters that cancel each other.
_NARROWEST = 0.01
_WIDEST = {4: 100.0, 5: 10.0}
_STARTS = (0.03, 0.1, 0.3, 1.0, 3.0, 9.0)
_MOST_REFINED = 3


@dataclasses.dataclass(frozen=True)
class Logistic:
    r"""A logistic curve with four or five parameters.

    Four, as VQEG has it:

    .. math:: \frac{b_1 - b_2}{1 + e^{-(x - b_3) / |b_4|}} + b_2

    Five, after Sheikh et al., which may turn back on itself:

    .. math:: b_1 \left(\frac12 - \frac{1}{1 + e^{b_2 (x - b_3)}}\right) + b_4 x + b_5

    Attributes:
        b: The parameters from :math:`b_1` on, four or five.

    Raises:
        UsageError: If there are neither four parameters nor five, one is not finite, or :math:`b_4` of four is 0.

    References:
        VQEG, "Final report from the Video Quality Experts Group on the validation of objective models of video quality
        assessment", ITU-T, 2000. Sheikh et al., "A Statistical Evaluation of Recent Full Reference Image Quality
        Assessment Algorithms", IEEE TIP 2006, doi:10.1109/TIP.2006.881959.
    """

    b: tuple[float, ...]

    def __post_init__(self) -> None:
        check_parameters(len(self.b))
        if not all(map(math.isfinite, self.b)) or (len(self.b) == 4 and not self.b[3]):
            raise UsageError(
                f"the logistic has the parameters {self.b}; expected finite ones, the fourth of four other than 0."
            )

    def __call__(self, scores: ArrayLike) -> NDArray[np.float64]:
        """Opinions that the curve foretells, shape (n,), for scores of shape (n,).

        Raises:
            UsageError: If the scores are no finite numbers.
        """
        (x,) = check_columns(scores=scores)
        if len(self.b) == 4:
            b1, b2, b3, b4 = self.b
            return np.asarray((b1 - b2) * expit((x - b3) / abs(b4)) + b2)
        b1, b2, b3, b4, b5 = self.b
        return np.asarray(b1 * (expit(b2 * (x - b3)) - 0.5) + b4 * x + b5)


def check_parameters(parameters: int) -> None:
    """Refuse a number of parameters that no curve here has.

    Raises:
        UsageError: If it is neither 4 nor 5.
    """
    if parameters not in get_args(Parameters):
        raise UsageError(f"a logistic with {parameters} parameters was asked for; expected 4 or 5.")


def fit_logistic(scores: ArrayLike, opinions: ArrayLike, *, parameters: Parameters = 4) -> Logistic:
    """Fit a logistic curve by least squares.

    The curve's middle and width are searched, from a grid of them and then by `scipy.optimize.least_squares`; the other
    parameters are linear given these, and solved for. So a fit hangs neither on units, nor on the direction of the
    metric, nor on a guess. The width (of five parameters, 1 / |b2|) is at least a hundredth of the scores' standard
    deviation, where the best curve would be a step, and at most a hundred of them, where it would be a straight line; ten
    where five parameters would make a cubic.

    Args:
        scores: A metric's scores, shape (n,).
        opinions: Mean opinions on the same pictures, or their differences, shape (n,).
        parameters: 4 or 5; see `Logistic`.

    Returns:
        The curve, which can be called with scores.

    Raises:
        UsageError: If the columns differ in length, a number is not finite, scores are all the same, or there are not
            more rows than parameters.
    """
    check_parameters(parameters)
    x, y = check_columns(parameters + 1, scores=scores, opinions=opinions)
    if is_constant(x):
        raise UsageError(
            f"scores are all {x[0]:g}; expected scores that differ, or there is no curve to fit."
        )
    problem = _Problem(*_standardise(x), *_standardise(y), tilted=parameters == 5)
    return problem.curve(_search(problem))


def _standardise(column: NDArray[np.float64]) -> tuple[NDArray[np.float64], float, float]:
    """A column with mean 0 and standard deviation 1; the mean; the standard deviation, 1 where it is constant."""
    mean = float(column.mean())
    centred = column - mean
    # By the largest first, so that squares neither overflow nor vanish.
    largest = float(np.abs(centred).max())
    if is_constant(column) or not largest:
        return np.zeros_like(column), mean, 1.0
    deviation = largest * float(np.sqrt(np.mean((centred / largest) ** 2)))
    return centred / deviation, mean, deviation


@dataclasses.dataclass(frozen=True)
class _Problem:
    """Least squares in a curve's middle and the logarithm of its width, all else solved for."""

    x: NDArray[np.float64]
    x_mean: float
    x_deviation: float
    y: NDArray[np.float64]
    y_mean: float
    y_deviation: float
    tilted: bool

    def solve(self, middle: float, log_width: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Height, slope and level of the best curve with this middle and width, and what it leaves, shape (n,)."""
        # Curves are taken less their mean and, where tilted, less their slope; ``x`` has mean 0 and variance 1.
        curve = expit((self.x - middle) / math.exp(log_width)) - 0.5
        mean, slope = curve.mean(), (curve @ self.x) / len(self.x) if self.tilted else 0.0
        bent = curve - mean - slope * self.x
        target_slope = (self.y @ self.x) / len(self.x) if self.tilted else 0.0
        target = self.y - target_slope * self.x
        power = bent @ bent
        # Nothing but rounding is left of a curve that is straight, or flat, over all scores.
        height = (bent @ target) / power if power > 1e-18 * len(self.x) else 0.0
        return np.array([height, target_slope - height * slope, -height * mean]), target - height * bent

    def curve(self, place: tuple[float, float]) -> Logistic:
        """The curve in the units of the scores and opinions."""
        height, slope, level = (float(each) for each in self.solve(*place)[0])
        middle = self.x_mean + self.x_deviation * place[0]
        width = self.x_deviation * math.exp(place[1])
        tall = self.y_deviation * height
        if not self.tilted:
            low = self.y_mean + self.y_deviation * level - tall / 2
            return Logistic((low + tall, low, middle, width))
        tilt = self.y_deviation * slope / self.x_deviation
        return Logistic(
            (tall, 1 / width, middle, tilt, self.y_mean + self.y_deviation * level - tilt * self.x_mean)
        )


def _search(problem: _Problem) -> tuple[float, float]:
    """Middle and log width with the least squares, refined from the best places of a grid."""
    reach = np.ptp(problem.x)
    low, high = problem.x.min() - 2 * reach, problem.x.max() + 2 * reach
    middles = [*np.quantile(problem.x, np.linspace(0, 1, 9)), low + reach, high - reach]
    grid = [(float(middle), math.log(width)) for middle in middles for width in _STARTS]
    errors = [float(np.square(problem.solve(*place)[1]).sum()) for place in grid]
    best = sorted(zip(errors, grid, strict=True))[:_MOST_REFINED]
    widest = _WIDEST[5 if problem.tilted else 4]
    bounds = ([low, math.log(_NARROWEST)], [high, math.log(widest)])
    precisely = {"jac": "3-point", "xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12}
    fits = [
        least_squares(lambda at: problem.solve(*at)[1], place, bounds=bounds, **precisely)
        for _, place in best
    ]
    found = [(2 * float(fit.cost), (float(fit.x[0]), float(fit.x[1]))) for fit in fits]
    return min([*found, *best])[1]
