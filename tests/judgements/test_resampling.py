"""Drawn groups and the interval made of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from beholder.judgements.resampling import (
    Scale,
    drawn_counts,
    ratios_to_errors,
    studentised_interval,
)


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


def test_normal_ratios_give_the_normal_interval() -> None:
    ratios = stats.norm.ppf((np.arange(200_000) + 0.5) / 200_000)
    found = studentised_interval(2.0, 0.5, ratios, 50, 0.9)
    assert (found.low, found.high) == pytest.approx((2 - 0.5 * 1.645, 2 + 0.5 * 1.645), abs=0.001)


def test_the_long_tail_of_ratios_is_on_the_other_side() -> None:
    found = studentised_interval(0.0, 1.0, np.linspace(-4, 1, 1001), 50, 0.9)
    assert (found.low, found.high) == pytest.approx((-0.75, 3.75))


@pytest.mark.parametrize(
    ("scale", "estimate", "there", "back"),
    [
        ("fisher", 0.9, np.arctanh, np.tanh),
        ("logit", 0.9, stats.logistic.ppf, stats.logistic.cdf),
        ("log", 3.0, np.log, np.exp),
    ],
)
def test_scales(scale: Scale, estimate: float, there: np.ufunc, back: np.ufunc) -> None:
    found = studentised_interval(estimate, 0.01, np.linspace(-2, 2, 1001), 50, 0.9, scale)
    slope = (there(estimate + 1e-6) - there(estimate - 1e-6)) / 2e-6
    reach = 1.8 * 0.01 * slope
    assert found.low == pytest.approx(back(there(estimate) - reach))
    assert found.high == pytest.approx(back(there(estimate) + reach))


@pytest.mark.parametrize(("scale", "estimate"), [("fisher", -1.0), ("logit", 1.0), ("log", 0.0)])
def test_at_the_end_of_a_scale_it_is_taken_as_it_is(scale: Scale, estimate: float) -> None:
    ratios = np.linspace(-2, 2, 1001)
    plain = studentised_interval(estimate, 0.1, ratios, 50, 0.9)
    assert studentised_interval(estimate, 0.1, ratios, 50, 0.9, scale) == plain


def test_no_error_and_no_number() -> None:
    found = studentised_interval(2.0, 0.0, np.zeros(500), 5, 0.95)
    assert (found.low, found.high) == (2, 2)
    assert math.isnan(studentised_interval(math.nan, 1.0, np.zeros(500), 5, 0.95).low)


def test_deviations_without_an_error_are_infinitely_many_and_cut() -> None:
    ratios = ratios_to_errors(np.array([1.0, -1.0, 1e-12, 2.0]), np.array([0.0, 1e-15, 0.0, 0.5]), 1.0)
    assert ratios.tolist() == [math.inf, -math.inf, 0, 4]
    found = studentised_interval(0.0, 1.0, np.full(500, math.inf), 2, 0.95)
    assert found.low == pytest.approx(-10 * stats.t.ppf(0.975, 1))
