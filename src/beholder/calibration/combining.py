"""Weights of metrics in an ensemble, learned from stored distances: no picture is needed."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import minimize, nnls
from scipy.special import expit

from beholder.calibration.folds import assign_folds
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from beholder.calibration.measured import MeasuredSet

__all__ = ["ENSEMBLE", "Combination", "combine", "fit_nonnegative_logistic"]

ENSEMBLE = "ensemble"
"""What the combination is called beside its members."""

_RIDGE = 1e-6  # on columns of deviation 1: where choices are all foretold, weights would grow for ever
_NOTHING = 1e-6  # of the largest, in units of deviations: what is left by rounding


class LinearFit(NamedTuple):
    """Weights at least 0, one for each column, and a constant."""

    weights: NDArray[np.float64]
    constant: float


@dataclasses.dataclass(frozen=True)
class Combination:
    """Metrics and their weights, and what these are worth on rows that they were not fitted on.

    Attributes:
        weights: Metric -> weight of its distance, in the metric's own unit, at least 0; fitted on all rows.
        shares: Metric -> its weight times its distances' spread, as a part of the sum over metrics.
        fold_weights: Weights of each fit that left one fold out, shape (folds, metrics).
        tested: The judgements with the members' distances and, under `ENSEMBLE`, those of the ensemble, each row's by
            the fit that did not see its reference picture.
    """

    weights: Mapping[str, float]
    shares: Mapping[str, float]
    fold_weights: NDArray[np.float64]
    tested: MeasuredSet


def combine(measured: MeasuredSet, *, folds: int = 5, seed: int = 0) -> Combination:
    r"""Learn non-negative weights of metrics from what people said.

    Triplets: the share who prefer candidate 1 is fitted by :math:`\sigma(\sum_i w_i (d_{0i} - d_{1i}))`, JND pairs: the
    share who saw no difference by :math:`\sigma(b - \sum_i w_i d_i)`, both by cross-entropy; ratings: opinions by
    :math:`b - \sum_i w_i d_i`, in least squares. All are convex: there is one answer, and no start to choose.

    Args:
        measured: Judgements and distances of the metrics.
        folds: Parts, each of whole reference pictures, that are left out in turn to test on.
        seed: Of the folds.

    Raises:
        UsageError: If there are fewer reference pictures than folds, no metric agrees with people at all, or one is called
            ``"ensemble"``.

    References:
        Bradley and Terry, "Rank Analysis of Incomplete Block Designs", Biometrika 1952, doi:10.2307/2334029.
    """
    if ENSEMBLE in measured.distances:
        raise UsageError(
            f"a member is called {ENSEMBLE!r}, as the sum will be; give its column another name."
        )
    of_row = assign_folds(measured.groups, len(measured), folds=folds, seed=seed)
    whole = _fit(measured)
    names = list(measured.distances)
    if not whole.weights.any():
        raise UsageError(f"none of {', '.join(names)} agrees with people; expected metrics that do.")
    tested = np.empty_like(measured.distances[names[0]])
    fold_weights = []
    for fold in range(folds):
        left_out = of_row == fold
        fit = _fit(measured.choose(~left_out))
        tested[left_out] = _stack(measured.choose(left_out)) @ fit.weights - fit.constant
        fold_weights.append(fit.weights)
    columns = _columns(measured)
    # as the fit sees them: of triplets around 0
    middle = 0.0 if measured.kind == "triplets" else columns.mean(0)
    spread = whole.weights * np.sqrt(np.square(columns - middle).mean(0))
    return Combination(
        weights=dict(zip(names, whole.weights.tolist(), strict=True)),
        shares=dict(zip(names, (spread / spread.sum()).tolist(), strict=True)),
        fold_weights=np.stack(fold_weights),
        tested=dataclasses.replace(measured, distances={**measured.distances, ENSEMBLE: tested}),
    )


def fit_nonnegative_logistic(
    columns: NDArray[np.float64], shares: NDArray[np.float64], *, constant: bool = False
) -> LinearFit:
    r"""Least cross-entropy of shares against :math:`\sigma(\sum_i w_i x_i + b)` with :math:`w_i \ge 0`.

    Args:
        columns: The :math:`x`, shape (n, k).
        shares: In [0, 1], shape (n,).
        constant: Whether there is a :math:`b`; else it is 0.
    """
    middle = columns.mean(0) if constant else np.zeros(columns.shape[1])
    deviation = np.sqrt(np.square(columns - middle).mean(0))
    unit = np.where(deviation > 0, deviation, 1.0)
    design = (columns - middle) / unit
    if constant:
        design = np.column_stack([design, np.ones(len(design))])
    penalised = np.where(np.arange(design.shape[1]) < len(unit), _RIDGE, 0.0)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        odds = design @ weights
        value = np.mean(np.logaddexp(0, odds) - shares * odds) + penalised @ weights**2 / 2
        return float(value), design.T @ (expit(odds) - shares) / len(shares) + penalised * weights

    bounds = [(0.0, None)] * len(unit) + [(None, None)] * constant
    # Convex: that it stops says that no step makes it better, for whatever reason it gives.
    found = minimize(
        loss,
        np.zeros(design.shape[1]),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": 10_000, "ftol": 1e-14, "gtol": 1e-9},
    ).x
    return _in_own_units(found[: len(unit)], found[len(unit) :].sum(), unit, middle)


def _fit(measured: MeasuredSet) -> LinearFit:
    columns, said = _columns(measured), measured.answers
    if measured.kind != "ratings":
        return fit_nonnegative_logistic(columns, said, constant=measured.kind == "pairs")
    quality = said if measured.better == "higher" else -said
    middle, deviation = columns.mean(0), columns.std(0)
    unit = np.where(deviation > 0, deviation, 1.0)
    weights, _ = nnls((columns - middle) / unit, quality - quality.mean())
    return _in_own_units(weights, float(quality.mean()), unit, middle)


def _in_own_units(
    weights: NDArray[np.float64], constant: float, unit: NDArray[np.float64], middle: NDArray[np.float64]
) -> LinearFit:
    own = np.where(weights > _NOTHING * weights.max(), weights, 0.0) / unit
    return LinearFit(own, float(constant - own @ middle))


def _stack(measured: MeasuredSet) -> NDArray[np.float64]:
    """Distances of all metrics, the last axis: shape (n, 2, k) of triplets, else (n, 1, k)."""
    return np.stack(list(measured.distances.values()), -1)


def _columns(measured: MeasuredSet) -> NDArray[np.float64]:
    """What speaks for what is said, shape (n, k): the larger, the more say candidate 1, same, or a better opinion."""
    stacked = _stack(measured)
    return stacked[:, 0] - stacked[:, 1] if measured.kind == "triplets" else -stacked[:, 0]
