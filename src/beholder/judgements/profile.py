"""Profile likelihood of a psychometric function: along its threshold or its slope, highest over all else."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from beholder.judgements.binomial_curve import BinomialCurve

__all__ = ["Profile"]

_FARTHEST = 1e3  # thresholds are sought so many times the range of strengths away
_STEEPEST = 30.0  # over the smallest gap between strengths: F goes from 0 to 1 between two neighbours
_FLATTEST = 1e-3  # over the whole range
_PRECISION = 2e-5  # of the range of strengths, and of a slope
_STEEPNESSES = 6


class Profile:
    """Likelihood, highest over all else, along the threshold or the slope; the range of strengths is 0 to 1.

    The argument of F is ``level + steepness * strength``, and ``z`` at the threshold.
    """

    def __init__(
        self, unit: NDArray[np.float64], curve: BinomialCurve, shares: NDArray[np.float64], z: float
    ) -> None:
        self.unit, self.curve, self.shares, self.z = unit, curve, shares, z
        self.steepest = _STEEPEST / float(np.diff(np.unique(unit)).min())
        places = np.unique(unit)
        self.between = np.array([*places, *(places[1:] + places[:-1]) / 2])
        self.best = self._best()

    def _best(self) -> tuple[float, NDArray[np.float64]]:
        design = np.column_stack([np.ones_like(self.unit), self.unit])
        bounds = self._bounds([-math.inf, 0.0], [math.inf, self.steepest])
        starts = []
        for slope in np.geomspace(0.5, self.steepest, _STEEPNESSES):
            levels = self._levels(slope)
            starts.append(self._starts(np.column_stack([levels, np.full_like(levels, slope)])))
        return self.curve.highest(np.zeros_like(self.unit), design, np.array(starts), bounds, climbs=2)

    def at_threshold(self, threshold: float) -> float:
        """Highest log-likelihood of all curves with this threshold."""
        steepness = np.array([0.0, *np.geomspace(_FLATTEST, self.steepest, 24)])
        bounds = self._bounds([0.0], [self.steepest])
        design = (self.unit - threshold)[:, None]
        return self.curve.highest(
            np.full_like(self.unit, self.z), design, self._starts(steepness[:, None])[None], bounds, climbs=3
        )[0]

    def at_slope(self, slope: float) -> float:
        """Highest log-likelihood of all curves with this slope."""
        levels = self._levels(slope)
        bounds = self._bounds([-math.inf], [math.inf])
        design = np.ones((len(self.unit), 1))
        return self.curve.highest(
            slope * self.unit, design, self._starts(levels[:, None])[None], bounds, climbs=3
        )[0]

    def _levels(self, slope: float) -> NDArray[np.float64]:
        """Levels at which the curve rises beyond, at, before or between strengths: each may be a summit of its own."""
        rising = -slope * self.between[:, None] + np.array([-1.5, -0.5, 0.5, 1.5])
        return np.array(
            [*rising.ravel(), *(-slope * self.between), -slope - 9.0, 9.0, *np.linspace(-4, 4, 9)]
        )

    def _starts(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Each place with several guesses and lapses, shape (c, m + 2)."""
        corners = [[guess, lapse] for guess in self._some(0) for lapse in self._some(1)]
        return np.concatenate(
            [np.column_stack([places, np.tile(each, (len(places), 1))]) for each in corners]
        )

    def _some(self, which: int) -> list[float]:
        low, high = self.shares[which]
        return [low] if low == high else [low + part * (high - low) for part in (0.05, 0.35, 0.95)]

    def _bounds(self, low: list[float], high: list[float]) -> NDArray[np.float64]:
        return np.array([[*low, *self.shares[:, 0]], [*high, *self.shares[:, 1]]])

    def thresholds(self, drop: float) -> tuple[float, float]:
        """Ends of the thresholds at which twice the log-likelihood is at most ``drop`` below the highest."""
        height, (level, steepness, *_) = self.best
        centre = (self.z - level) / max(steepness, _FLATTEST)
        centre = float(np.clip(centre, -_FARTHEST / 2, _FARTHEST / 2))

        def lost(threshold: float) -> float:
            return 2 * (height - self.at_threshold(threshold)) - drop

        ends = [
            side * math.inf if lost(side * _FARTHEST) <= 0 else _crossing(lost, centre, side, _FARTHEST)
            for side in (-1, 1)
        ]
        return ends[0], ends[1]

    def slopes(self, drop: float, *, flat: bool) -> tuple[float, float]:
        """The same of slopes."""
        height, (_, steepness, *_) = self.best
        centre = math.log(max(steepness, _FLATTEST))

        def lost(logarithm: float) -> float:
            return 2 * (height - self.at_slope(math.exp(logarithm))) - drop

        ends = math.log(_FLATTEST), math.log(self.steepest)
        low = 0.0 if flat or lost(ends[0]) <= 0 else math.exp(_crossing(lost, centre, -1, -ends[0]))
        high = math.inf if lost(ends[1]) <= 0 else math.exp(_crossing(lost, centre, 1, ends[1]))
        return low, high


def _crossing(lost: Callable[[float], float], centre: float, side: int, farthest: float) -> float:
    """The place on one side of the centre, at most ``farthest`` from 0, where what is lost becomes too much."""
    inner, reach = centre, 0.05
    while True:
        outer = side * min(side * (centre + side * reach), farthest)
        if lost(outer) > 0 or abs(outer) >= farthest:
            break
        inner, reach = outer, reach * 2
    if lost(inner) > 0 or lost(outer) <= 0:
        return inner
    return float(brentq(lost, inner, outer, xtol=_PRECISION))
