"""Chance of being preferred, from the difference of two scale values: the logistic and the normal model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from scipy.special import expit, log_ndtr

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PairModel", "curvature", "information", "probit_mode", "slope"]

PairModel: TypeAlias = Literal["bradley-terry", "thurstone"]
"""Logistic, or normal with variance 1."""

_MOST_STEPS = 100
_SMALLEST_STEP = 1e-10
_HALF_LOG_TAU = 0.5 * np.log(2 * np.pi)


def slope(steps: NDArray[np.float64], model: PairModel) -> NDArray[np.float64]:
    """Derivative of the logarithm of the chance F that the first is preferred, of the shape of ``steps``."""
    if model == "bradley-terry":
        return np.asarray(expit(-steps))
    return np.asarray(np.exp(-0.5 * steps**2 - _HALF_LOG_TAU - log_ndtr(steps)))


def curvature(steps: NDArray[np.float64], model: PairModel) -> NDArray[np.float64]:
    """Second derivative of the same with its sign turned, above 0."""
    if model == "bradley-terry":
        return np.asarray(expit(steps) * expit(-steps))
    ratio = slope(steps, model)
    return ratio * (ratio + steps)


def information(
    values: NDArray[np.float64], counts: NDArray[np.float64], model: PairModel
) -> NDArray[np.float64]:
    """Observed information about scale values, shape (k, k): the negative Hessian of their log-likelihood."""
    steps = values[:, None] - values
    weights = counts * curvature(steps, model) + counts.T * curvature(-steps, model)
    return np.diag(weights.sum(1)) - weights


def probit_mode(
    counts: NDArray[np.float64], precision: float = 0.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scale values under the normal model where the posterior is highest, and how it bends there.

    Args:
        counts: Wins as `beholder.judgements.wins.check_wins` gives them, shape (k, k); with no precision, joined and not
            separated.
        precision: Inverse variance of a normal prior of each value around 0; 0 for none, and values of mean 0.

    Returns:
        The values, shape (k,), and the negative Hessian of the logarithm of the posterior, shape (k, k), singular along
        equal shifts of all where there is no prior.
    """
    k = len(counts)
    held = precision * np.eye(k)
    shift = 0.0 if precision else 1 / k  # fixes the mean, which answers leave free
    values = np.zeros(k)
    height = _log_posterior(values, counts, precision)
    for _ in range(_MOST_STEPS):
        steps = values[:, None] - values
        rise = counts * slope(steps, "thurstone") - counts.T * slope(-steps, "thurstone")
        hessian = information(values, counts, "thurstone") + held
        step = np.linalg.solve(hessian + shift, rise.sum(1) - precision * values)
        reached = _log_posterior(values + step, counts, precision)
        while reached < height and np.abs(step).max() > _SMALLEST_STEP:
            step = step / 2
            reached = _log_posterior(values + step, counts, precision)
        values, height = values + step, reached
        if np.abs(step).max() <= _SMALLEST_STEP:
            break
    return values, information(values, counts, "thurstone") + held


def _log_posterior(values: NDArray[np.float64], counts: NDArray[np.float64], precision: float) -> float:
    return float((counts * log_ndtr(values[:, None] - values)).sum() - precision / 2 * values @ values)
