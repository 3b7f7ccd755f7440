"""Which pairs people tell apart, and intervals of the ROC analysis."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from beholder.judgements import grouped_roc, pair_up, pairwise_roc, preference_auc, preference_influences
from beholder.judgements.roc import auc_influences, weighted_auc
from beholder.spec import UsageError

STEP = 1e-6


def test_pairs_by_the_test_of_two_means() -> None:
    draw = np.random.default_rng(0)
    opinions, errors = draw.normal(size=30), draw.uniform(0.1, 0.6, size=30)
    pairs = pair_up(opinions, errors, level=0.9)
    assert len(pairs.first) == 30 * 29 / 2
    a, b = pairs.first, pairs.second
    p = 2 * stats.norm.sf(np.abs(opinions[a] - opinions[b]) / np.sqrt(errors[a] ** 2 + errors[b] ** 2))
    expected = np.where(p < 0.1, np.sign(opinions[a] - opinions[b]), 0)
    assert pairs.significant.tolist() == expected.tolist()
    assert set(pairs.significant.tolist()) == {-1, 0, 1}


def test_without_errors_all_that_differ_are_told_apart() -> None:
    for errors in (None, [math.nan] * 3):
        pairs = pair_up([1, 2, 2], errors)
        assert sorted(pairs.significant.tolist()) == [-1, -1, 0]


def test_pictures_of_unknown_error_are_in_no_pair() -> None:
    pairs = pair_up([1, 2, 3, 4], [0.1, math.nan, 0.1, 0.1])
    assert 1 not in {*pairs.first.tolist(), *pairs.second.tolist()}
    assert len(pairs.first) == 3


def test_of_very_many_pairs_some_are_drawn() -> None:
    opinions = np.random.default_rng(0).normal(size=300)
    pairs = pair_up(opinions, np.full(300, 0.2), most=2000)
    assert len(pairs.first) == 2000
    assert (pairs.first != pairs.second).all()
    assert np.bincount(pairs.first, minlength=300).std() == pytest.approx(math.sqrt(2000 / 300), rel=0.2)
    assert pair_up(opinions, most=2000, seed=1).first.tolist() != pairs.first.tolist()


@pytest.mark.parametrize(
    ("errors", "level"), [([0.1], 0.95), ([0.1, -1], 0.95), ([0.1, math.inf], 0.95), ([0.1, 0.1], 95)]
)
def test_impossible_errors_and_levels_are_refused(errors: list[float], level: float) -> None:
    with pytest.raises(UsageError, match="expected"):
        pair_up([1, 2], errors, level=level)


def test_influences_are_slopes_of_the_area() -> None:
    draw = np.random.default_rng(1)
    signal = draw.integers(9, size=20).astype(float)
    positive, negative = draw.random((2, 20))
    found = auc_influences(signal, positive, negative)
    for row in range(20):
        weights = np.ones(20)
        weights[row] += STEP
        more = weighted_auc(signal, positive * weights, negative * weights)
        slope = (more - weighted_auc(signal, positive, negative)) / STEP
        assert found[row] == pytest.approx(slope, abs=1e-6)
    d0, d1 = draw.random((2, 20))
    judge = draw.integers(0, 6, size=20) / 5
    left = [preference_auc(*(np.delete(each, row) for each in (d0, d1, judge))) for row in range(20)]
    jackknife = 19 * (np.mean(left) - left)
    assert np.corrcoef(jackknife, preference_influences(d0, d1, judge))[0, 1] > 0.99


def test_figures_are_those_of_the_plain_analysis_and_intervals_those_of_the_jackknife() -> None:
    draw = np.random.default_rng(2)
    groups = np.repeat(np.arange(40), 4)
    opinions = draw.normal(size=160)
    scores = opinions + 0.5 * draw.normal(size=40)[groups] + 0.5 * draw.normal(size=160)
    errors = np.full(160, 0.3)
    pairs = pair_up(opinions, errors)
    found = grouped_roc(scores, pairs, groups, resamples=4000)
    plain = pairwise_roc(scores[pairs.first] - scores[pairs.second], pairs.significant)
    left = []
    for group in range(40):
        rest = groups != group
        some = pair_up(opinions[rest], errors[rest])
        steps = scores[rest][some.first] - scores[rest][some.second]
        left.append(pairwise_roc(steps, some.significant))
    for name in ("different_similar", "better_worse", "correct"):
        interval, estimate = getattr(found, name), getattr(plain, name)
        assert interval.estimate == estimate
        error = 39 / math.sqrt(40) * np.std([getattr(each, name) for each in left], ddof=1)
        slope = 1 / (estimate * (1 - estimate))
        width = stats.logistic.ppf(interval.high) - stats.logistic.ppf(interval.low)
        assert width == pytest.approx(2 * 2.02 * error * slope, rel=0.15)


def test_what_is_never_told_apart_is_no_number() -> None:
    found = grouped_roc([1, 2, 3, 4], pair_up([1, 2, 3, 4], [9] * 4), [0, 0, 1, 1])
    assert all(
        map(math.isnan, (found.different_similar.low, found.better_worse.estimate, found.correct.high))
    )
