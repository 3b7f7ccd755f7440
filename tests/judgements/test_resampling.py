"""Drawn groups and the interval made of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from beholder.judgements.resampling import accelerated_interval, drawn_counts


def counts_of(multiplicities: list[int], resamples: int) -> np.ndarray:
    return np.concatenate(list(drawn_counts(np.array(multiplicities), resamples, np.random.default_rng(0))))


@pytest.mark.parametrize("multiplicities", [[1, 1, 1, 1], [3, 1, 2], [30, 10]])
def test_counts_are_those_of_draws_with_replacement(multiplicities: list[int]) -> None:
    counts = counts_of(multiplicities, 20_000)
    groups = sum(multiplicities)
    assert counts.shape == (20_000, len(multiplicities))
    assert (counts.sum(1) == groups).all()
    true = stats.multinomial(groups, np.array(multiplicities) / groups)
    assert counts.mean(0) == pytest.approx(multiplicities, rel=0.02)
    assert np.cov(counts.T) == pytest.approx(true.cov(), abs=0.03 * groups)


def test_many_groups_come_in_parts() -> None:
    counts = counts_of([1] * 150_000, 30)
    assert counts.shape == (30, 150_000)
    assert (counts.sum(1) == 150_000).all()


def test_without_skew_or_bias_it_is_the_t_interval() -> None:
    groups = 12
    resampled = stats.norm.ppf((np.arange(200_000) + 0.5) / 200_000) * math.sqrt((groups - 1) / groups)
    found = accelerated_interval(0.0, resampled, np.array([-1.0, 1.0]), groups, 0.9)
    assert found.high == pytest.approx(stats.t.ppf(0.95, groups - 1), abs=0.01)
    assert found.low == pytest.approx(-found.high)


def test_scipy_agrees_where_groups_are_many() -> None:
    draw = np.random.default_rng(1)
    data = draw.exponential(size=2000)
    rival = stats.bootstrap(
        (data,), np.mean, n_resamples=4000, method="BCa", rng=np.random.default_rng(2), batch=200
    )
    resampled = data[draw.integers(2000, size=(4000, 2000))].mean(1)
    found = accelerated_interval(data.mean(), resampled, data - data.mean(), 2000, 0.95)
    width = found.high - found.low
    assert found.low == pytest.approx(rival.confidence_interval.low, abs=0.05 * width)
    assert found.high == pytest.approx(rival.confidence_interval.high, abs=0.05 * width)


def test_a_constant_statistic_has_a_point_for_an_interval() -> None:
    found = accelerated_interval(2.0, np.full(500, 2.0), np.zeros(5), 5, 0.95)
    assert (found.low, found.high) == (2, 2)


def test_last_digits_do_not_matter() -> None:
    draw = np.random.default_rng(3)
    resampled = draw.binomial(10, 0.5, size=2000) / 10
    found = [
        accelerated_interval(0.5 + nudge, resampled, np.array([-1.0, 1.0]), 10, 0.9)
        for nudge in (-1e-16, 0, 2e-16)
    ]
    assert len({(each.low, each.high) for each in found}) == 1


def test_two_groups_give_all_that_resamples_reached() -> None:
    resampled = np.random.default_rng(0).choice([1.0, 2.0, 3.0], size=500, p=[0.25, 0.5, 0.25])
    found = accelerated_interval(2.0, resampled, np.array([-1.0, 1.0]), 2, 0.95)
    assert (found.low, found.high) == (1, 3)
