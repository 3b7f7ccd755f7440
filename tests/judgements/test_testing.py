"""Differences between metrics."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from beholder.judgements import compare_means, holm, mean_interval, sign_flip_test, spearman, swap_test
from beholder.spec import UsageError


def test_all_signs_are_tried_where_there_are_few_groups() -> None:
    draw = np.random.default_rng(0)
    groups = np.repeat(np.arange(8), 3)
    differences = draw.normal(0.4, 1, size=24)
    sums = [differences[groups == group].sum() for group in range(8)]
    totals = [abs(np.dot(signs, sums)) for signs in itertools.product([-1, 1], repeat=8)]
    expected = np.mean([total >= totals[0] - 1e-9 for total in totals])
    assert sign_flip_test(differences, groups) == pytest.approx(expected)
    assert sign_flip_test(differences, groups, flips=200) == pytest.approx(expected, abs=0.15)


def test_by_hand() -> None:
    # Three groups, all in favour of the first: one of 8 patterns of signs, and its mirror image.
    assert sign_flip_test([1, 1, 1], [0, 1, 2]) == pytest.approx(2 / 8)
    # Groups without a difference, or whose rows cancel, tell nothing.
    assert sign_flip_test([1, 1, 1, 0, 0.1, 0.2, -0.3], [0, 1, 2, 3, 4, 4, 4]) == pytest.approx(2 / 8)
    assert sign_flip_test([0, 0, 0], [0, 1, 2]) == 1


@pytest.mark.parametrize("noise", [0, 1e-3])
def test_many_groups_agree_with_the_normal_law(noise: float) -> None:
    from scipy import stats

    draw = np.random.default_rng(1)
    differences = draw.choice([-0.2, 0, 0.2, 0.4], size=900, p=[0.35, 0.3, 0.3, 0.05]) + draw.normal(
        0, noise, 900
    )
    z = differences.sum() / np.sqrt((differences**2).sum())
    expected = 2 * stats.norm.sf(abs(z))
    assert 0.01 < expected < 0.5
    assert sign_flip_test(differences, np.arange(900)) == pytest.approx(expected, rel=0.15)


def test_small_p_values_never_are_zero() -> None:
    draw = np.random.default_rng(2)
    assert sign_flip_test(draw.normal(3, 1, size=500), np.arange(500), flips=999) == pytest.approx(1 / 1000)


def test_p_values_are_uniform_where_metrics_are_alike() -> None:
    draw = np.random.default_rng(3)
    groups = np.repeat(np.arange(25), 6)
    p_values = []
    for _ in range(300):
        effects = draw.normal(size=25)[groups]
        p_values.append(sign_flip_test(effects + draw.normal(size=150), groups, flips=400))
    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=0.025)
    assert np.mean(p_values) == pytest.approx(0.5, abs=0.05)


def test_comparison_is_of_the_differences() -> None:
    draw = np.random.default_rng(4)
    groups = np.repeat(np.arange(50), 4)
    second = draw.random(200)
    first = second + 0.02 + draw.normal(0, 0.1, 200)
    found = compare_means(first, second, groups, seed=5)
    assert found.difference == mean_interval(first - second, groups, seed=5)
    assert found.p_value == sign_flip_test(first - second, groups, seed=5)
    turned = compare_means(second, first, groups, seed=5)
    assert turned.difference.estimate == pytest.approx(-found.difference.estimate)
    assert turned.p_value == pytest.approx(found.p_value)
    # An effect common to both leaves no trace, which separate intervals could not know.
    apart = mean_interval(first, groups)
    assert found.difference.high - found.difference.low < 0.6 * (apart.high - apart.low)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.5]) == pytest.approx([1, 1])
    assert holm([0.3]) == pytest.approx([0.3])


def test_bad_input_is_refused() -> None:
    with pytest.raises(UsageError, match="flips is 3"):
        sign_flip_test([1, 2], [1, 2], flips=3)
    with pytest.raises(UsageError, match="second has 1 rows and first has 2"):
        compare_means([1, 2], [1], [1, 2])
    with pytest.raises(UsageError, match=r"p_values is 1\.5 in row 0"):
        holm([1.5])


def test_swapping_finds_the_better_metric_and_no_difference_between_equals() -> None:
    draw = np.random.default_rng(0)
    groups = np.repeat(np.arange(30), 5)
    opinions = draw.normal(size=150)
    good, bad = opinions + 0.3 * draw.normal(size=150), opinions + 3 * draw.normal(size=150)
    assert swap_test(spearman, good, bad, opinions, groups, swaps=400) == pytest.approx(1 / 401)
    assert swap_test(spearman, good, np.exp(good), opinions, groups, swaps=100) == 1
    assert np.isnan(swap_test(spearman, good, np.ones(150), opinions, groups, swaps=100))


def test_swapping_is_exact_where_all_swaps_can_be_counted() -> None:
    # Two groups: swapping none or both gives the difference that was found, swapping one another.
    first, second = [1.0, 2.0, 3.0, 4.0], [2.0, 1.0, 4.0, 3.0]
    found = swap_test(spearman, first, second, [1.0, 2.0, 3.0, 4.0], ["a", "a", "b", "b"], swaps=4000)
    assert found == pytest.approx(0.5, abs=0.03)


def test_too_few_swaps_are_refused() -> None:
    with pytest.raises(UsageError, match="swaps is 9"):
        swap_test(spearman, [1, 2, 3], [3, 1, 2], [1, 2, 3], [0, 1, 2], swaps=9)
