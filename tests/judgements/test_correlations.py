"""Correlations against scipy's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from beholder.judgements import correlate, fit_logistic, kendall, pearson, spearman
from beholder.spec import UsageError


@pytest.mark.parametrize("levels", [4, 1000])
@pytest.mark.parametrize("rows", [2, 5, 300])
def test_scipy_agrees(levels: int, rows: int) -> None:
    draw = np.random.default_rng(rows)
    x = draw.integers(levels, size=rows).astype(float)
    x[:2] = 0, 1
    y = 0.3 * x + draw.integers(levels, size=rows)
    y[:2] = 1, 0
    assert pearson(x, y) == pytest.approx(stats.pearsonr(x, y).statistic)
    assert kendall(x, y) == pytest.approx(stats.kendalltau(x, y).statistic)
    ranks = stats.rankdata(x), stats.rankdata(y)
    assert spearman(x, y) == pytest.approx(np.corrcoef(*ranks)[0, 1])
    if rows > 2:
        assert spearman(x, y) == pytest.approx(stats.spearmanr(x, y).statistic)


@pytest.mark.parametrize("logistic", [4, 5])
def test_a_curve_is_straightened(logistic: int) -> None:
    draw = np.random.default_rng(0)
    quality = draw.normal(size=200)
    opinions = quality * 15 + 50
    found = correlate(np.exp(-quality), opinions, logistic=4 if logistic == 4 else 5)
    bare = correlate(np.exp(-quality), opinions, logistic=None)
    assert found.srcc == found.krcc == bare.srcc == -1
    assert bare.plcc < -0.5
    assert found.plcc > 0.98
    assert found.rmse < 0.2 * opinions.std()


def test_error_and_correlation_are_of_the_curve() -> None:
    draw = np.random.default_rng(1)
    scores = draw.normal(size=100)
    opinions = np.tanh(scores) + draw.normal(0, 0.3, 100)
    found = correlate(scores, opinions, logistic=5)
    foretold = fit_logistic(scores, opinions, parameters=5)(scores)
    assert found.plcc == pytest.approx(np.corrcoef(foretold, opinions)[0, 1])
    assert found.rmse == pytest.approx(np.sqrt(np.mean((foretold - opinions) ** 2)))
    assert found.plcc > abs(correlate(scores, opinions, logistic=None).plcc)


def test_constant_columns_give_nan_and_no_warning() -> None:
    for x, y in (([3, 3, 3, 3, 3], [1, 2, 3, 4, 5]), ([1, 2, 3, 4, 5], [0.1] * 5)):
        assert math.isnan(pearson(x, y))
        assert math.isnan(spearman(x, y))
        assert math.isnan(kendall(x, y))
        found = correlate(x, y)
        assert all(map(math.isnan, (found.srcc, found.krcc, found.plcc, found.rmse)))
    assert correlate([3, 3], [1, 3], logistic=None).rmse == pytest.approx(math.sqrt(2))


def test_large_and_small_units() -> None:
    x, y = np.array([1.0, 2, 4, 3]), np.array([1.0, 3, 2, 4])
    assert pearson(x * 1e200, y * 1e-200) == pytest.approx(pearson(x, y))


def test_rows_are_counted() -> None:
    with pytest.raises(UsageError, match="x has 1 rows; expected at least 2"):
        spearman([1], [2])
    with pytest.raises(UsageError, match="scores has 5 rows; expected at least 6"):
        correlate(range(5), range(5), logistic=5)
    with pytest.raises(UsageError, match="expected 4 or 5"):
        correlate(range(9), range(9), logistic=6)  # type: ignore[arg-type]
