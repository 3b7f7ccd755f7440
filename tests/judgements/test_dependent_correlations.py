"""Tests of dependent correlations against published examples."""

from __future__ import annotations

import math

import numpy as np
import pytest

from beholder.judgements import compare_correlations, pearson, spearman, steiger_test, williams_test
from beholder.spec import UsageError


def test_williams_in_howells_textbook() -> None:
    # The example of D. C. Howell, Statistical Methods for Psychology, 6th ed., p. 262; digits by B. Weaver's SPSS program.
    found = williams_test(0.80, 0.72, 0.89, 26)
    assert found.statistic == pytest.approx(1.361, abs=5e-4)
    assert found.p_value == pytest.approx(0.187, abs=5e-4)
    assert found.difference == pytest.approx(0.08)


def test_silver_hittner_and_may() -> None:
    # Silver, Hittner and May's program depcor (2006, doi:10.1177/0146621605277132), as cited in cocor's tests.
    williams, steiger = williams_test(0.3, 0.4, 0.5, 100), steiger_test(0.3, 0.4, 0.5, 100)
    assert (williams.statistic, williams.p_value) == pytest.approx((-1.0767, 0.2843), abs=5e-5)
    assert (steiger.statistic, steiger.p_value) == pytest.approx((-1.0718, 0.2838), abs=5e-5)


def test_steigers_case_a() -> None:
    # Steiger 1980, p. 249, prints -0.8913 after rounding on the way; without, it is -0.88872.
    assert steiger_test(0.4, 0.5, 0.1, 103).statistic == pytest.approx(-0.8913, abs=0.003)
    assert steiger_test(0.4, 0.5, 0.1, 103).statistic == pytest.approx(-0.8887185, abs=5e-8)


@pytest.mark.parametrize("test", [williams_test, steiger_test])
def test_turned_round_it_is_the_same(test: type) -> None:
    there, back = test(0.8, 0.7, 0.6, 50), test(0.7, 0.8, 0.6, 50)
    assert there.statistic == pytest.approx(-back.statistic)
    assert there.p_value == pytest.approx(back.p_value)


@pytest.mark.parametrize("kind", ["pearson", "spearman"])
def test_errors_are_as_rare_as_said(kind: str) -> None:
    draw = np.random.default_rng(0)
    p_values = []
    for _ in range(400):
        people, shared, *own = draw.normal(size=(4, 40))
        first, second = (people + 0.7 * shared + 0.7 * each for each in own)
        p_values.append(
            compare_correlations(
                first, second, people, kind="pearson" if kind == "pearson" else "spearman"
            ).p_value
        )
    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=0.03)


def test_columns_are_correlated() -> None:
    draw = np.random.default_rng(1)
    people = draw.normal(size=60)
    first, second = people + draw.normal(size=60), people + 2 * draw.normal(size=60)
    found = compare_correlations(first, second, people, kind="pearson")
    expected = williams_test(pearson(first, people), pearson(second, people), pearson(first, second), 60)
    assert found == expected
    ranked = compare_correlations(np.exp(first), second, people)
    assert ranked.difference == pytest.approx(spearman(first, people) - spearman(second, people))
    assert ranked == compare_correlations(first, second, people)


def test_equal_metrics_do_not_differ() -> None:
    draw = np.random.default_rng(2)
    people, scores = draw.normal(size=(2, 30))
    found = compare_correlations(scores, 3 * scores + 1, people)
    assert found.p_value == pytest.approx(1)
    assert (williams_test(0.5, 0.5, 1, 30).statistic, steiger_test(0.5, 0.5, 1, 30).statistic) == (0, 0)


def test_constant_columns_give_nan() -> None:
    found = compare_correlations([1, 1, 1, 1], [1, 2, 3, 4], [1, 3, 2, 4])
    assert all(map(math.isnan, (found.difference, found.statistic, found.p_value)))


def test_impossible_correlations_are_refused() -> None:
    with pytest.raises(UsageError, match="do not go together"):
        williams_test(0.9, -0.9, 0.9, 30)
    with pytest.raises(UsageError, match=r"second is 1\.1; expected a correlation"):
        williams_test(0.9, 1.1, 0.9, 30)
    with pytest.raises(UsageError, match="there are 3 rows; expected at least 4"):
        steiger_test(0.1, 0.2, 0.3, 3)
    with pytest.raises(UsageError, match="williams_test takes them"):
        steiger_test(1, 0.2, 0.2, 30)
    assert williams_test(1, 0.2, 0.2, 30).statistic > 5
    with pytest.raises(UsageError, match="kind is 'kendall'"):
        compare_correlations([1, 2, 3, 4], [1, 2, 4, 3], [1, 3, 2, 4], kind="kendall")  # type: ignore[arg-type]
