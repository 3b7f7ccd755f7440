"""Two-alternative forced choice: how many people a metric agrees with when it picks the nearer of two candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from beholder.judgements.columns import check_columns, check_shares

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["agreements", "human_ceilings", "twoafc_score"]


def agreements(d0: ArrayLike, d1: ArrayLike, judge: ArrayLike) -> NDArray[np.float64]:
    r"""Share of people who prefer the candidate that a metric finds nearer to the reference.

    .. math:: [d_0 < d_1] (1 - h) + [d_1 < d_0] h + \tfrac12 [d_0 = d_1]

    Args:
        d0: Distance of candidate 0 from the reference in each triplet, shape (n,): lower is nearer. Turn the sign of a
            metric whose higher scores mean more alike.
        d1: Distance of candidate 1, shape (n,).
        judge: The :math:`h`, share of people who prefer candidate 1, in [0, 1], shape (n,).

    Returns:
        Shape (n,), in [0, 1]. The mean over triplets is the 2AFC score.

    Raises:
        UsageError: If the columns differ in length or are empty, a number is not finite, or ``judge`` leaves [0, 1].

    References:
        Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018,
        arXiv:1801.03924.
    """
    first, second, share = check_columns(d0=d0, d1=d1, judge=judge)
    check_shares(judge=share)
    return np.where(first < second, 1 - share, np.where(second < first, share, 0.5))


def human_ceilings(judge: ArrayLike) -> NDArray[np.float64]:
    """The chance that two votes on a triplet are equal, h² + (1 - h)²: what a person picked at random would score.

    Called the human score by Zhang et al. A metric may score higher: with the majority every time it reaches
    max(h, 1 - h).

    Args:
        judge: The share of people h who prefer candidate 1, in [0, 1], shape (n,).

    Returns:
        Shape (n,), in [0.5, 1].

    Raises:
        UsageError: If ``judge`` is empty or leaves [0, 1].
    """
    (share,) = check_columns(judge=judge)
    check_shares(judge=share)
    return share**2 + (1 - share) ** 2


def twoafc_score(d0: ArrayLike, d1: ArrayLike, judge: ArrayLike) -> float:
    """The mean of `agreements`: a metric's 2AFC score, in [0, 1]; 0.5 is what a coin gets."""
    return float(agreements(d0, d1, judge).mean())
