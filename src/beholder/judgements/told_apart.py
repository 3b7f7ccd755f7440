"""Pairs of rated pictures: which of them people tell apart, and how well a metric does, with intervals."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from beholder.judgements.bootstrap import influence_interval
from beholder.judgements.columns import check_columns
from beholder.judgements.groups import number_groups
from beholder.judgements.roc import auc_influences, pairwise_roc
from beholder.spec import UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from beholder.judgements.resampling import Interval

__all__ = ["GroupedROC", "RatedPairs", "grouped_roc", "pair_up"]

_MOST = 500_000


@dataclasses.dataclass(frozen=True)
class RatedPairs:
    """Pairs of rated pictures.

    Attributes:
        first: Place of each pair's first picture, shape (p,).
        second: Of the second.
        significant: 1 where people find the first significantly better, -1 where they find it significantly worse, 0 where
            they do not tell, shape (p,).
    """

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    significant: NDArray[np.float64]


@dataclasses.dataclass(frozen=True, kw_only=True)
class GroupedROC:
    """`beholder.judgements.roc.PairwiseROC`, each figure with its interval."""

    different_similar: Interval
    better_worse: Interval
    correct: Interval


def pair_up(
    opinions: ArrayLike,
    standard_errors: ArrayLike | None = None,
    *,
    level: float = 0.95,
    most: int = _MOST,
    seed: int = 0,
) -> RatedPairs:
    r"""Pairs of pictures, and which of them people tell apart.

    Opinions of a and b differ significantly where :math:`|a - b| > z \sqrt{s_a^2 + s_b^2}`, with their standard errors s and
    the two-sided normal quantile z: the test of Krasula et al.

    Args:
        opinions: Mean opinions, higher better, shape (n,).
        standard_errors: Of each opinion, at least 0, shape (n,). Pictures whose own is NaN are in no pair. Without any
            (``None``, or all NaN) opinions are taken to be exact: every two that are not equal are told apart.
        level: Confidence level of a difference, between 0 and 1.
        most: If there are more pairs, so many are drawn by chance.
        seed: Where chance starts from.

    Returns:
        All pairs of two pictures, or those that are drawn.

    Raises:
        UsageError: If the columns differ in length, an opinion is not finite, an error is negative or infinite, the level
            is impossible, or there are fewer than two pictures.
    """
    (quality,) = check_columns(2, opinions=opinions)
    errors = np.full(len(quality), np.nan) if standard_errors is None else np.asarray(standard_errors, float)
    if errors.shape != quality.shape or (errors < 0).any() or np.isinf(errors).any():
        raise UsageError(
            f"standard_errors has the shape {errors.shape}; expected one for each of {len(quality)} opinions, finite and "
            "at least 0, or NaN where it is not known."
        )
    if not 0 < level < 1:
        raise UsageError(f"level is {level}; expected a share between 0 and 1, such as 0.95.")
    if np.isnan(errors).all():
        errors = np.zeros(len(quality))
    known = np.flatnonzero(~np.isnan(errors))
    first, second = _draw(len(known), most, seed)
    first, second = known[first], known[second]
    differences = quality[first] - quality[second]
    needed = float(ndtri((1 + level) / 2)) * np.hypot(errors[first], errors[second])
    return RatedPairs(first, second, np.where(np.abs(differences) > needed, np.sign(differences), 0.0))


def _draw(count: int, most: int, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """All pairs of so many things, or some of them."""
    if count * (count - 1) // 2 <= most:
        first, second = np.triu_indices(count, 1)
        return first, second
    draw = np.random.default_rng(seed)
    first = draw.integers(count, size=most)
    return first, (first + draw.integers(1, count, size=most)) % count


def grouped_roc(
    scores: ArrayLike,
    pairs: RatedPairs,
    groups: ArrayLike,
    *,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> GroupedROC:
    """The ROC analysis of `beholder.judgements.roc.pairwise_roc` with intervals by groups of pictures.

    A pair moves with the groups of both its pictures, to the first order: `beholder.judgements.bootstrap.influence_interval`.

    Args:
        scores: A metric's, higher better, shape (n,).
        pairs: Of these pictures.
        groups: Label of each picture's group, such as its reference, shape (n,).
        level: Confidence level of the intervals.
        resamples: How often groups are drawn, at least 100.
        seed: Where chance starts from.

    Raises:
        UsageError: If a score is not finite, there are fewer than two groups or no pairs, or an option is impossible.
    """
    (column,) = check_columns(2, scores=scores)
    numbers, count = number_groups(groups, len(column))
    steps = column[pairs.first] - column[pairs.second]
    found = pairwise_roc(steps, pairs.significant)
    told = pairs.significant != 0
    zeros, ones = np.zeros(told.sum()), np.ones(told.sum())
    right = (steps * pairs.significant)[told]
    both = auc_influences(
        np.concatenate([right, -right]), np.concatenate([ones, zeros]), np.concatenate([zeros, ones])
    )
    moves = {
        "different_similar": auc_influences(np.abs(steps), told.astype(float), (~told).astype(float)),
        "better_worse": _spread(both.reshape(2, -1).sum(0), told),
        "correct": _spread(((np.sign(right) + 1) / 2 - found.correct) / max(len(right), 1), told),
    }

    def interval(name: str) -> Interval:
        # Of both pictures of a pair; a pair of one group twice.
        sums = sum(
            np.bincount(numbers[side], weights=moves[name], minlength=count)
            for side in (pairs.first, pairs.second)
        )
        return influence_interval(
            getattr(found, name), count * sums, scale="logit", level=level, resamples=resamples, seed=seed
        )

    return GroupedROC(
        different_similar=interval("different_similar"),
        better_worse=interval("better_worse"),
        correct=interval("correct"),
    )


def _spread(values: NDArray[np.float64], chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Values of the chosen, 0 elsewhere."""
    spread = np.zeros(len(chosen))
    spread[chosen] = values
    return spread
