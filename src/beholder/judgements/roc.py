"""How well differences of scores tell which pairs people tell apart, and which of the two they prefer."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Literal

import numpy as np

from beholder.judgements.columns import check_columns, check_shares
from beholder.spec import UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "PairwiseROC",
    "auc_influences",
    "pairwise_roc",
    "preference_auc",
    "preference_influences",
    "weighted_auc",
]


@dataclasses.dataclass(frozen=True, kw_only=True)
class PairwiseROC:
    """A metric as a classifier of pairs.

    Attributes:
        different_similar: Area under the ROC curve (AUC) when the size of the difference of scores tells pairs that
            differ significantly from those that do not; in [0, 1], 0.5 for chance. NaN where there is no pair of one of
            the kinds.
        better_worse: AUC when the signed difference tells better from worse, among pairs that differ significantly. NaN
            where none does.
        correct: Share of these whose difference has the right sign (C₀); NaN where none does.
    """

    different_similar: float
    better_worse: float
    correct: float


def pairwise_roc(differences: ArrayLike, significant: ArrayLike) -> PairwiseROC:
    """The ROC analysis of Krasula et al., which needs no curve from scores to opinions.

    Args:
        differences: Score of the first picture of a pair less that of the second, shape (n,), where higher scores
            are better. Turn the sign of a distance.
        significant: 1 where people find the first significantly better, -1 where they find it significantly worse, 0
            where they do not tell, shape (n,).

    Returns:
        The two areas and the share of correct classification. They do not hang on which picture of a pair comes
        first: for better or worse, each pair counts in both orders.

    Raises:
        UsageError: If the columns differ in length or are empty, a number is not finite, or ``significant`` holds
            anything but -1, 0 and 1.

    References:
        Krasula et al., "On the accuracy of objective image and video quality models: New methodology for performance
        evaluation", QoMEX 2016, doi:10.1109/QoMEX.2016.7498936.
        Deviation from the authors' code: pairs with equal scores are half correct; there they are wrong.
    """
    steps, signs = check_columns(differences=differences, significant=significant)
    strange = np.flatnonzero(~np.isin(signs, (-1, 0, 1)))
    if len(strange):
        raise UsageError(
            f"significant is {signs[strange[0]]:g} in row {strange[0]}; expected 1 (the first is better), -1 (it is "
            "worse) or 0 (people do not tell)."
        )
    told = signs != 0
    right = (steps * signs)[told]
    both, ones, zeros = np.concatenate([right, -right]), np.ones(len(right)), np.zeros(len(right))
    return PairwiseROC(
        different_similar=_auc(np.abs(steps), told.astype(float), (~told).astype(float)),
        better_worse=_auc(both, np.concatenate([ones, zeros]), np.concatenate([zeros, ones])),
        correct=float(np.mean((np.sign(right) + 1) / 2)) if len(right) else math.nan,
    )


def preference_auc(
    d0: ArrayLike, d1: ArrayLike, judge: ArrayLike, *, count: Literal["votes", "majorities"] = "votes"
) -> float:
    """AUC of d0 - d1 as a sign of people's preference for candidate 1.

    Unlike the 2AFC score it looks at how far distances lie apart: a metric must be surer where people are. Each triplet
    counts in both orders of its candidates, so that it does not matter which is called 0.

    Args:
        d0: Distance of candidate 0 from the reference in each triplet, shape (n,): lower is nearer.
        d1: Distance of candidate 1, shape (n,).
        judge: Share of people who prefer candidate 1, in [0, 1], shape (n,).
        count: ``"votes"``: each triplet counts as preferred by the share of people that do, and as not preferred by
            the rest; people who disagree keep the area below 1. ``"majorities"``: by what most prefer, ties left out.

    Returns:
        In [0, 1], 0.5 for chance; NaN where majorities are counted and all triplets are ties.

    Raises:
        UsageError: If the columns differ in length or are empty, a number is not finite, ``judge`` leaves [0, 1], or
            there is no such ``count``.
    """
    first, second, share = check_columns(d0=d0, d1=d1, judge=judge)
    check_shares(judge=share)
    if count not in ("votes", "majorities"):
        raise UsageError(f"count is {count!r}; expected 'votes' or 'majorities'.")
    margin = first - second
    if count == "majorities":
        margin, share = margin[share != 0.5], (share[share != 0.5] > 0.5).astype(float)
    return _auc(*_both_orders(margin, share))


def preference_influences(d0: ArrayLike, d1: ArrayLike, judge: ArrayLike) -> NDArray[np.float64]:
    """How fast `preference_auc`, by votes, grows with what each triplet weighs: `auc_influences`, shape (n,).

    Raises:
        UsageError: As `preference_auc`.
    """
    first, second, share = check_columns(d0=d0, d1=d1, judge=judge)
    check_shares(judge=share)
    influences: NDArray[np.float64] = auc_influences(*_both_orders(first - second, share))
    return influences[: len(share)] + influences[len(share) :]


def _both_orders(
    margin: NDArray[np.float64], share: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Signal and weights of each triplet and then, of each, with its candidates in the other order."""
    for_one, for_zero = np.concatenate([share, 1 - share]), np.concatenate([1 - share, share])
    return np.concatenate([margin, -margin]), for_one, for_zero


def weighted_auc(signal: ArrayLike, positive: ArrayLike, negative: ArrayLike) -> float:
    """The chance that a positive has a higher signal than a negative, equal signals counting half.

    Args:
        signal: Shape (n,).
        positive: Weight with which each row counts as positive, at least 0, shape (n,).
        negative: Weight with which it counts as negative, at least 0, shape (n,).

    Returns:
        In [0, 1]; NaN where there is no positive, or no negative.

    Raises:
        UsageError: If the columns differ in length or are empty, a number is not finite, or a weight is negative.
    """
    marks, right, wrong = check_columns(signal=signal, positive=positive, negative=negative)
    for name, weights in (("positive", right), ("negative", wrong)):
        if weights.min() < 0:
            raise UsageError(f"{name} holds the weight {weights.min():g}; expected weights of at least 0.")
    return _auc(marks, right, wrong)


def auc_influences(
    signal: NDArray[np.float64], positive: NDArray[np.float64], negative: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How fast `weighted_auc` grows with what each row weighs: to the first order, what leaving it out takes away.

    Args:
        signal: As `weighted_auc` takes it, with the weights, which are not checked here.
        positive: Weight as a positive, shape (n,).
        negative: Weight as a negative, shape (n,).

    Returns:
        Shape (n,), of sum 0; NaN where there is no area.

    References:
        Obuchowski, "Nonparametric Analysis of Clustered ROC Curve Data", Biometrics 1997, doi:10.2307/2533958.
    """
    all_positive, all_negative = positive.sum(), negative.sum()
    if not all_positive * all_negative:
        return np.full(len(signal), math.nan)
    _, places = np.unique(signal, return_inverse=True)
    right, wrong = np.bincount(places, weights=positive), np.bincount(places, weights=negative)
    wrong_below = ((np.cumsum(wrong) - wrong / 2) / all_negative)[places]
    right_above = 1 - ((np.cumsum(right) - right / 2) / all_positive)[places]
    area = float(positive @ wrong_below / all_positive)
    influences: NDArray[np.float64] = (
        positive * (wrong_below - area) / all_positive + negative * (right_above - area) / all_negative
    )
    return influences


def _auc(signal: NDArray[np.float64], positive: NDArray[np.float64], negative: NDArray[np.float64]) -> float:
    total = positive.sum() * negative.sum()
    if not total:
        return math.nan
    _, places = np.unique(signal, return_inverse=True)
    right = np.bincount(places, weights=positive)
    wrong = np.bincount(places, weights=negative)
    return float(right @ (np.cumsum(wrong) - wrong / 2) / total)
