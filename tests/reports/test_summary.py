"""Histograms on round numbers, whatever the scores."""

from __future__ import annotations

import math

import numpy as np
import pytest

from beholder.reports.summary import in_words, summarise


@pytest.mark.parametrize("scale", [1e-7, 0.02, 1.0, 37.0, 1e6])
def test_every_finite_score_lies_within_the_bin_that_counts_it(scale: float) -> None:
    scores = (scale * np.random.default_rng(0).normal(0.5, 1.0, 500)).tolist()
    summary = summarise(scores)
    assert sum(summary.counts) == 500
    assert 5 <= len(summary.counts) <= 20
    edges = summary.start + summary.step * np.arange(len(summary.counts) + 1)
    expected, _ = np.histogram(scores, bins=edges)
    assert list(summary.counts) == expected.tolist()
    digit = summary.step / 10 ** math.floor(math.log10(summary.step) + 1e-9)
    assert round(digit, 6) in (1, 2, 5)


def test_infinite_scores_stay_out_of_the_bars_and_the_mean_but_not_of_the_median() -> None:
    summary = summarise([1.0, math.inf, None, math.nan, 3.0, math.inf, 2.0])
    assert (summary.infinite, summary.failed) == (2, 2)
    assert (summary.low, summary.high) == (1.0, 3.0)
    assert (summary.mean, summary.median) == (2.0, 3.0)
    assert sum(summary.counts) == 3


def test_a_median_beyond_all_numbers() -> None:
    summary = summarise([math.inf, 0.5, math.inf, 0.5, math.inf])
    assert summary.median == math.inf
    assert (summary.middle(), summary.span(0)) == ("∞", "0.5000")
    assert summarise([math.inf, -math.inf]).middle() == "–"


def test_one_score_many_times() -> None:
    summary = summarise([0.25, 0.25])
    assert summary.counts == (2,)
    assert summary.start < 0.25 < summary.start + summary.step
    assert summary.span(0) == "0.2500"


@pytest.mark.parametrize("scores", [[], [None], [math.inf, math.nan]])
def test_nothing_finite(scores: list[float | None]) -> None:
    summary = summarise(scores)
    assert summary.counts == ()
    assert math.isnan(summary.mean)


@pytest.mark.parametrize(
    ("scores", "decimals"),
    [([0.3, 1.1], 4), ([12.0, 48.0], 2), ([0.001, 0.002], 6), ([0.0], 4), ([1e-30], 8)],
)
def test_decimals_tell_scores_apart(scores: list[float], decimals: int) -> None:
    assert summarise(scores).decimals == decimals


def test_bins_in_words() -> None:
    summary = summarise([-0.2, 0.65])
    assert (summary.edge(0), summary.span(1)) == ("−0.20", "−0.15 to −0.10")
    assert summary.edge(4) == "0.00"


def test_no_minus_before_zero() -> None:
    assert in_words(-0.001, 2) == "0.00"
    assert in_words(-0.25, 2) == "−0.25"
    assert in_words(-math.inf, 2) == "−∞"
    assert in_words(math.nan, 2) == "–"
