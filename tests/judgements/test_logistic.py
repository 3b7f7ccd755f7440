"""Logistic fits."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import curve_fit

from beholder.judgements import Logistic, fit_logistic
from beholder.spec import UsageError

X = np.random.default_rng(0).uniform(20, 45, 80)


@pytest.mark.parametrize(
    "b",
    [
        (90, 10, 32, 3),
        (10, 90, 32, 3),
        (1, 0, 25, 0.5),
        (30, -0.4, 33, 1, 5),
        (-30, 0.9, 30, 0.2, 50),
    ],
)
def test_true_parameters_are_found(b: tuple[float, ...]) -> None:
    true = Logistic(b)
    fitted = fit_logistic(X, true(X), parameters=4 if len(b) == 4 else 5)
    assert fitted(X) == pytest.approx(true(X), abs=1e-5 * np.ptp(true(X)))
    if len(b) == 4:
        assert fitted.b == pytest.approx(b, rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("parameters", [4, 5])
def test_no_worse_than_scipy_started_at_the_truth(parameters: int) -> None:
    b = (80.0, 20.0, 30.0, 4.0) if parameters == 4 else (-60.0, 0.3, 31.0, 0.5, 20.0)
    for seed in range(4):
        noisy = Logistic(b)(X) + np.random.default_rng(seed).normal(0, 8, len(X))
        rival, _ = curve_fit(lambda x, *at: Logistic(at)(x), X, noisy, p0=b, maxfev=20_000)
        left = np.square(Logistic(tuple(rival))(X) - noisy).sum()
        ours = np.square(fit_logistic(X, noisy, parameters=4 if parameters == 4 else 5)(X) - noisy).sum()
        assert ours <= left * (1 + 1e-6)


@pytest.mark.parametrize("parameters", [4, 5])
def test_units_and_direction_do_not_matter(parameters: int) -> None:
    noisy = Logistic((80, 20, 30, 4))(X) + np.random.default_rng(1).normal(0, 8, len(X))
    kind = 4 if parameters == 4 else 5
    foretold = fit_logistic(X, noisy, parameters=kind)(X)
    for factor, shift in ((-1e-6, 3e-5), (1e9, 0), (-1, 7)):
        other = fit_logistic(factor * X + shift, noisy * 1e-3 - 5, parameters=kind)(factor * X + shift)
        assert (other + 5) * 1e3 == pytest.approx(foretold, abs=1e-3)


def test_straight_lines_and_steps_have_ends() -> None:
    line = fit_logistic(X, 3 * X - 7)
    assert line(X) == pytest.approx(3 * X - 7, abs=0.02)
    step = fit_logistic(X, (X > 30).astype(float))
    assert step(X) == pytest.approx((X > 30).astype(float), abs=0.2)
    assert np.isfinite([*line.b, *step.b]).all()
    assert np.isfinite(fit_logistic(X, X**3, parameters=5).b).all()


def test_constant_opinions_give_a_flat_curve() -> None:
    assert fit_logistic(X, np.full(len(X), 4.2))(X) == pytest.approx(4.2)
    assert fit_logistic(X, np.full(len(X), 4.2), parameters=5)(X) == pytest.approx(4.2)


def test_far_scores_do_not_overflow() -> None:
    assert Logistic((2, 1, 0, 1e-3))([-1e6, 1e6]).tolist() == [1, 2]


def test_what_cannot_be_fitted_is_refused() -> None:
    with pytest.raises(UsageError, match="scores are all 1"):
        fit_logistic(np.ones(9), np.arange(9))
    with pytest.raises(UsageError, match="scores has 4 rows; expected at least 5"):
        fit_logistic(np.arange(4), np.arange(4))
    with pytest.raises(UsageError, match="3 parameters"):
        fit_logistic(X, X, parameters=3)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="2 parameters"):
        Logistic((1, 2))
    with pytest.raises(UsageError, match="the fourth of four other than 0"):
        Logistic((1, 2, 3, 0))
