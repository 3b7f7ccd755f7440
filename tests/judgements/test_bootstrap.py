"""Intervals by groups."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from beholder.judgements import Interval, grouped_interval, mean_interval, spearman
from beholder.spec import UsageError


def judged(draw: np.random.Generator, references: int) -> tuple[NDArray[np.float64], NDArray[np.intp], float]:
    """Agreements in triplets whose references differ, their groups, and the mean over all possible studies."""
    groups = np.repeat(np.arange(references), draw.integers(5, 16, size=references))
    shares = draw.beta(4, 2, size=references)
    return draw.binomial(5, shares[groups]) / 5, groups, 4 / 6


def scored(
    draw: np.random.Generator, references: int
) -> tuple[list[NDArray[np.float64]], NDArray[np.intp], float]:
    """Scores and opinions with an effect of the reference, their groups, and Spearman's correlation of all pictures."""
    groups = np.repeat(np.arange(references), 5)
    opinions = draw.normal(size=len(groups))
    scores = 0.8 * opinions + 0.4 * draw.normal(size=references)[groups] + 0.4 * draw.normal(size=len(groups))
    return [scores, opinions], groups, 6 / math.pi * math.asin(0.8 / math.sqrt(0.96) / 2)


def coverage(studies: int, one: Callable[[np.random.Generator, int], tuple[Interval, float]]) -> float:
    draw = np.random.default_rng(0)
    found = [one(draw, study) for study in range(studies)]
    return float(np.mean([interval.low <= truth <= interval.high for interval, truth in found]))


@pytest.mark.parametrize("references", [10, pytest.param(20, marks=pytest.mark.slow), 60])
def test_mean_is_covered_in_simulated_studies(references: int) -> None:
    def one(draw: np.random.Generator, seed: int) -> tuple[Interval, float]:
        values, groups, truth = judged(draw, references)
        return mean_interval(values, groups, resamples=1000, seed=seed), truth

    assert 0.93 <= coverage(500, one) <= 0.97


@pytest.mark.parametrize("references", [10, pytest.param(40, marks=pytest.mark.slow)])
def test_rank_correlation_is_covered_in_simulated_studies(references: int) -> None:
    def one(draw: np.random.Generator, seed: int) -> tuple[Interval, float]:
        columns, groups, truth = scored(draw, references)
        found = grouped_interval(spearman, columns, groups, scale="fisher", resamples=500, seed=seed)
        return found, truth

    assert 0.91 <= coverage(200, one) <= 0.99


def test_rows_as_units_would_be_too_sure() -> None:
    values, groups, _ = judged(np.random.default_rng(3), 60)
    grouped, alone = mean_interval(values, groups), mean_interval(values, np.arange(len(values)))
    assert grouped.estimate == alone.estimate == pytest.approx(values.mean())
    assert grouped.high - grouped.low > 1.4 * (alone.high - alone.low)


def test_both_ways_give_one_interval() -> None:
    values, groups, _ = judged(np.random.default_rng(4), 30)
    quick = mean_interval(values, groups, resamples=4000)
    slow = grouped_interval(np.mean, [values], groups, resamples=4000, seed=1)
    assert slow.estimate == pytest.approx(quick.estimate)
    width = quick.high - quick.low
    assert slow.low == pytest.approx(quick.low, abs=0.08 * width)
    assert slow.high == pytest.approx(quick.high, abs=0.08 * width)


def test_equal_groups_are_drawn_together_without_changing_the_interval() -> None:
    draw = np.random.default_rng(5)
    values = draw.binomial(5, 0.7, size=3000) / 5
    groups = np.arange(3000)
    together = mean_interval(values, groups, resamples=4000)
    apart = mean_interval(values + draw.normal(0, 1e-9, 3000), groups, resamples=4000)
    width = together.high - together.low
    assert apart.low == pytest.approx(together.low, abs=0.06 * width)
    assert apart.high == pytest.approx(together.high, abs=0.06 * width)


def test_seed_order_and_labels() -> None:
    values, groups, _ = judged(np.random.default_rng(6), 20)
    found = mean_interval(values, groups)
    assert mean_interval(values, groups) == found
    assert mean_interval(values, groups, seed=1) != found
    names = np.array([f"{group:03d}.png" for group in groups])
    order = np.random.default_rng(0).permutation(len(values))
    other = mean_interval(values[order], names[order])
    assert (other.low, other.high) == pytest.approx((found.low, found.high), abs=0.01)
    assert mean_interval(values, names) == found


def test_higher_levels_are_wider() -> None:
    values, groups, _ = judged(np.random.default_rng(7), 20)
    widths = [
        found.high - found.low
        for found in (mean_interval(values, groups, level=level) for level in (0.5, 0.9, 0.99))
    ]
    assert widths == sorted(widths)
    assert widths[0] > 0


def test_groups_are_left_out_whole() -> None:
    groups = np.array([1, 0, 1, 2, 2, 0])
    seen = []

    def statistic(labels: NDArray[np.intp], values: NDArray[np.float64]) -> float:
        seen.append(np.bincount(labels, minlength=3))
        assert (values == labels).all()
        return 0.0

    grouped_interval(statistic, [groups, groups.astype(float)], groups)
    assert seen[0].tolist() == [2, 2, 2]
    assert sorted(map(tuple, seen[1:])) == [(0, 2, 2), (2, 0, 2), (2, 2, 0)]


def test_very_many_groups_are_left_out_in_blocks() -> None:
    asked = []
    values = np.random.default_rng(0).normal(size=1001)

    def mean(some: NDArray[np.float64]) -> float:
        asked.append(len(some))
        return float(some.mean())

    found = grouped_interval(mean, [values], np.arange(1001))
    assert len(asked) == 201
    assert set(asked[1:]) == {995, 996}
    assert found.high - found.low == pytest.approx(2 * 1.96 / math.sqrt(1001), rel=0.15)


def test_intervals_of_correlations_stay_within_their_bounds() -> None:
    columns, groups, _ = scored(np.random.default_rng(2), 5)
    near = [columns[1] + 0.2 * columns[0], columns[1]]
    found = grouped_interval(spearman, near, groups, scale="fisher", level=0.9)
    assert -1 < found.low < found.estimate < found.high < 1
    assert found.estimate - found.low > found.high - found.estimate
    with pytest.raises(UsageError, match="scale is 'square'; expected one of plain, fisher"):
        grouped_interval(spearman, near, groups, scale="square")  # type: ignore[arg-type]


def test_means_stay_within_the_values() -> None:
    found = mean_interval([0, 0, 1], [1, 2, 3])
    assert (found.low, found.high) == (0, 1)


def test_no_spread_and_no_number() -> None:
    assert mean_interval([0.6] * 6, [1, 1, 2, 2, 3, 3]) == Interval(
        estimate=pytest.approx(0.6), low=pytest.approx(0.6), high=pytest.approx(0.6)
    )  # type: ignore[arg-type]
    found = grouped_interval(spearman, [[1, 1, 1, 1], [1, 2, 3, 4]], [0, 0, 1, 1])
    assert all(map(math.isnan, (found.estimate, found.low, found.high)))
    sometimes = grouped_interval(spearman, [[1, 1, 1, 2], [1, 2, 3, 4]], [0, 0, 1, 1])
    assert sometimes.estimate > 0
    assert math.isnan(sometimes.low)


def test_impossible_options_are_refused() -> None:
    with pytest.raises(UsageError, match="level is 95; expected a share between 0 and 1"):
        mean_interval([1, 2], [1, 2], level=95)
    with pytest.raises(UsageError, match="resamples is 10; expected at least 100"):
        mean_interval([1, 2], [1, 2], resamples=10)
    with pytest.raises(UsageError, match="columns is empty"):
        grouped_interval(spearman, [], [1, 2])
    with pytest.raises(UsageError, match=r"columns have the shapes \[\(2,\), \(3,\)\]"):
        grouped_interval(spearman, [[1, 2], [1, 2, 3]], [1, 2])


def test_all_of_bapps_takes_well_under_a_second() -> None:
    draw = np.random.default_rng(8)
    values, groups = draw.binomial(5, 0.7, size=36_344) / 5, draw.integers(4000, size=36_344)
    start = time.process_time()
    mean_interval(values, groups)
    assert time.process_time() - start < 0.8


def test_a_group_without_which_nothing_is_left_has_no_interval() -> None:
    draw = np.random.default_rng(0)
    x, y = draw.random(9), draw.random(9)
    found = grouped_interval(spearman, [x, y], ["a"] * 8 + ["b"])
    assert np.isfinite(found.estimate)
    assert np.isnan([found.low, found.high]).all()
