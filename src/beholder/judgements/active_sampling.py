"""Which pair to ask about next, so that a ranking is known after few answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.special import log_ndtr

from beholder.judgements.pair_models import probit_mode, slope
from beholder.judgements.wins import check_wins
from beholder.spec import UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["information_gains", "pick_pair", "pick_tree", "scale_posterior"]


def scale_posterior(
    wins: ArrayLike, *, ties: ArrayLike | None = None, prior_deviation: float = 1.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    r"""A normal distribution of what scale values may be, under Thurstone's case V.

    .. math:: P(i \succ j) = \Phi(s_i - s_j), \quad s_i \sim N(0, \sigma^2)

    by Laplace's approximation: the highest place of the posterior and its curvature there. Before any answer it is the
    prior itself. Nothing need be joined by questions, since the prior joins all.

    Args:
        wins: How often the row's thing was preferred to the column's, shape (k, k), as
            `beholder.judgements.scaling.scale_values` takes it.
        ties: How often neither was, symmetric, shape (k, k).
        prior_deviation: The σ, in standard deviations of a difference.

    Returns:
        The mean, shape (k,), and the covariance, shape (k, k).

    Raises:
        UsageError: If counts are no such table, or the deviation is not above 0.

    References:
        Deviation from ASAP (see `information_gains`), which passes messages: counts of a pair are taken together here,
        so that the cost does not grow with the number of answers.
    """
    if not 0 < prior_deviation < np.inf:
        raise UsageError(f"prior_deviation is {prior_deviation}; expected a finite number above 0.")
    mean, precision = probit_mode(check_wins(wins, ties), prior_deviation**-2)
    covariance = np.asarray(np.linalg.inv(precision), dtype=np.float64)
    return mean, (covariance + covariance.T) / 2


def information_gains(mean: ArrayLike, covariance: ArrayLike) -> NDArray[np.float64]:
    r"""What one more answer about each pair is expected to tell.

    The expected Kullback-Leibler divergence of the distribution after the answer from that before. An answer about i and
    j tells of their difference alone, with the mean :math:`\mu` and variance v; its distribution after each of
    the two answers is taken to be normal with the right mean :math:`\mu'` and variance :math:`v'`, which have closed
    forms. So

    .. math:: \tfrac12 \left(\frac{v'}{v} - 1 - \ln\frac{v'}{v} + \frac{(\mu' - \mu)^2}{v}\right)

    is weighted with the chance of each answer.

    Args:
        mean: Of the scale values, shape (k,), as `scale_posterior` gives it.
        covariance: Theirs, shape (k, k).

    Returns:
        In nats, symmetric, at least 0, with zeros on the diagonal, shape (k, k).

    Raises:
        UsageError: If the two are of other shapes or not finite.

    References:
        Mikhailiuk et al., "Active Sampling for Pairwise Comparisons via Approximate Message Passing and Information
        Gain Maximization", ICPR 2020, arXiv:2004.05691. Moments: Rasmussen and Williams, "Gaussian Processes for Machine
        Learning", 2006, section 3.9.
    """
    centre, spread = np.asarray(mean, dtype=np.float64), np.asarray(covariance, dtype=np.float64)
    if centre.ndim != 1 or spread.shape != (len(centre), len(centre)) or len(centre) < 2:
        raise UsageError(
            f"mean has the shape {centre.shape} and covariance {spread.shape}; expected (k,) and (k, k), k at least 2."
        )
    if not (np.isfinite(centre).all() and np.isfinite(spread).all()):
        raise UsageError(
            "mean or covariance holds numbers that are not finite; expected those of scale_posterior."
        )
    variances = np.diag(spread)
    step = centre[:, None] - centre
    variance = np.maximum(variances[:, None] + variances - 2 * spread, 0.0)
    z = step / np.sqrt(1 + variance)
    part = variance / (1 + variance)
    won = np.exp(log_ndtr(z)) * _divergence(z, part)
    gains: NDArray[np.float64] = np.maximum(won + won.T, 0.0)  # j preferred to i is i at -z
    np.fill_diagonal(gains, 0.0)
    return gains


def _divergence(z: NDArray[np.float64], part: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of the difference after the first was preferred from before; ``part`` is v / (1 + v)."""
    ratio = slope(z, "thurstone")
    shrinking = part * ratio * (z + ratio)  # 1 - v' / v, in [0, 1)
    return 0.5 * (-shrinking - np.log1p(-shrinking) + part * ratio**2)


def pick_pair(gains: ArrayLike, draw: np.random.Generator) -> tuple[int, int]:
    """The pair that tells most, and in which order to show it.

    Args:
        gains: What each pair tells, symmetric, shape (k, k). Pairs that must not be asked have -inf.
        draw: Where chance comes from, which decides between pairs that tell as much, and the order.

    Raises:
        UsageError: If the gains are no such table, or no pair may be asked.
    """
    first, second, told = _pairs(gains)
    best = told.max()
    if best == -np.inf:
        raise UsageError("gains are -inf everywhere; expected a pair that may be asked.")
    chosen = draw.choice(np.flatnonzero(told >= best - 1e-9 * abs(best)))
    one, two = draw.permutation([first[chosen], second[chosen]])
    return int(one), int(two)


def pick_tree(gains: ArrayLike, draw: np.random.Generator) -> NDArray[np.intp]:
    """Pairs that join all things and tell much, to be asked before the next are sought: the paper's batch.

    The minimum spanning tree of one over the gains. It hangs on their order alone, so that ranks are taken instead.

    Args:
        gains: What each pair tells, symmetric, finite, shape (k, k).
        draw: Where chance comes from, which decides between equal gains, and the order within pairs.

    Returns:
        k - 1 pairs, those that tell most first, shape (k - 1, 2).

    Raises:
        UsageError: If the gains are no such table, or one is not finite.
    """
    first, second, told = _pairs(gains)
    if not np.isfinite(told).all():
        raise UsageError("gains hold numbers that are not finite; expected what each pair tells.")
    rounded = np.round(told / max(told.max(), np.finfo(float).tiny), 9)
    order = np.lexsort((draw.random(len(told)), -rounded))
    ranks = np.empty(len(told))
    ranks[order] = np.arange(1, len(told) + 1)
    weights = np.zeros((second.max() + 1,) * 2)
    weights[first, second] = ranks
    tree = minimum_spanning_tree(weights).tocoo()
    pairs = np.stack([tree.row, tree.col], axis=1)[np.argsort(tree.data)]
    return draw.permuted(pairs, axis=1).astype(np.intp)


def _pairs(gains: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    table = np.asarray(gains, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or len(table) < 2 or np.isnan(table).any():
        raise UsageError(
            f"gains have the shape {table.shape}, or NaN; expected numbers of shape (k, k), k at least 2."
        )
    first, second = np.triu_indices(len(table), 1)
    return first, second, table[first, second]
