"""Pairs as classes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from beholder.judgements import agreements, pairwise_roc, preference_auc, weighted_auc
from beholder.spec import UsageError


def dense_auc(
    signal: NDArray[np.float64], positive: NDArray[np.float64], negative: NDArray[np.float64]
) -> float:
    above = np.sign(signal[:, None] - signal[None]) / 2 + 0.5
    return float((positive[:, None] * negative[None] * above).sum() / (positive.sum() * negative.sum()))


def test_weighted_area_by_its_definition() -> None:
    draw = np.random.default_rng(0)
    signal = draw.integers(12, size=70).astype(float)
    positive, negative = draw.random((2, 70))
    assert weighted_auc(signal, positive, negative) == pytest.approx(dense_auc(signal, positive, negative))


def test_area_is_mann_whitney() -> None:
    draw = np.random.default_rng(1)
    signal, told = draw.integers(9, size=80), draw.random(80) < 0.4
    u = stats.mannwhitneyu(signal[told], signal[~told]).statistic
    assert weighted_auc(signal, told, ~told) == pytest.approx(u / (told.sum() * (~told).sum()))


def test_krasula_by_hand() -> None:
    # Two pairs that differ (by 3, rightly; by 1, wrongly) and two that do not (by 0 and by 2).
    found = pairwise_roc([3, 1, 0, -2], [1, -1, 0, 0])
    assert found.different_similar == pytest.approx(3 / 4)
    # Better: 3 and -1; worse: -3 and 1. 3 is above both, -1 above -3.
    assert found.better_worse == pytest.approx(3 / 4)
    assert found.correct == pytest.approx(1 / 2)


def test_which_picture_comes_first_does_not_matter() -> None:
    draw = np.random.default_rng(2)
    differences, significant = draw.normal(size=90).round(1), draw.integers(-1, 2, size=90)
    turned = draw.choice([-1, 1], size=90)
    found, other = (
        pairwise_roc(differences, significant),
        pairwise_roc(differences * turned, significant * turned),
    )
    assert other.different_similar == pytest.approx(found.different_similar)
    assert other.better_worse == pytest.approx(found.better_worse)
    assert other.correct == pytest.approx(found.correct)


def test_perfect_constant_and_reversed_metrics() -> None:
    significant = np.array([1, -1, 0, 1, 0])
    perfect = pairwise_roc(significant, significant)
    assert (perfect.different_similar, perfect.better_worse, perfect.correct) == (1, 1, 1)
    reverse = pairwise_roc(-significant, significant)
    assert (reverse.different_similar, reverse.better_worse, reverse.correct) == (1, 0, 0)
    constant = pairwise_roc(np.zeros(5), significant)
    assert (constant.different_similar, constant.better_worse, constant.correct) == (0.5, 0.5, 0.5)


def test_a_missing_kind_gives_nan() -> None:
    alike = pairwise_roc([1, 2], [0, 0])
    assert math.isnan(alike.different_similar)
    assert math.isnan(alike.better_worse)
    assert math.isnan(alike.correct)
    assert math.isnan(pairwise_roc([1, 2], [1, 1]).different_similar)
    assert math.isnan(preference_auc([1, 2], [2, 1], [0.5, 0.5], count="majorities"))


def test_preference_by_votes_is_the_area_over_single_votes() -> None:
    draw = np.random.default_rng(3)
    d0, d1 = draw.integers(6, size=(2, 40)).astype(float)
    votes = draw.integers(6, size=40)
    rows = [(d0[row] - d1[row], vote < votes[row]) for row in range(40) for vote in range(5)]
    signal = np.array([step for step, _ in rows] + [-step for step, _ in rows])
    for_one = np.array([one for _, one in rows] + [not one for _, one in rows])
    assert preference_auc(d0, d1, votes / 5) == pytest.approx(
        dense_auc(signal, for_one.astype(float), 1 - for_one)
    )


def test_preference_by_majorities() -> None:
    # By hand: margins -1 (rightly, h = 0.2), 2 (rightly, 0.8), 0.5 (wrongly, 0.4) and a tie, which is left out.
    d0, d1, judge = [1, 3, 1.5, 9], [2, 1, 1, 0], [0.2, 0.8, 0.4, 0.5]
    signs = np.array([1, 2, -0.5])
    expected = np.mean((np.sign(signs[:, None] + signs[None]) + 1) / 2)
    assert preference_auc(d0, d1, judge, count="majorities") == pytest.approx(expected)
    assert preference_auc(d1, d0, 1 - np.array(judge), count="majorities") == pytest.approx(expected)


def test_equal_margins_leave_the_2afc_score() -> None:
    draw = np.random.default_rng(4)
    d0 = draw.integers(2, size=50).astype(float)
    judge = draw.integers(6, size=50) / 5
    assert preference_auc(d0, 1 - d0, judge) == pytest.approx(agreements(d0, 1 - d0, judge).mean())


def test_what_is_no_class_is_refused() -> None:
    with pytest.raises(UsageError, match="significant is 2 in row 1"):
        pairwise_roc([1, 2], [1, 2])
    with pytest.raises(UsageError, match="negative holds the weight -1"):
        weighted_auc([1, 2], [1, 1], [1, -1])
    with pytest.raises(UsageError, match="expected 'votes' or 'majorities'"):
        preference_auc([1], [2], [0], count="people")  # type: ignore[arg-type]
