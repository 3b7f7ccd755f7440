"""Ensembles learned from stored distances: hidden weights found, groups kept apart."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit

from beholder.calibration.combining import ENSEMBLE, combine, fit_nonnegative_logistic
from beholder.calibration.folds import assign_folds
from beholder.calibration.measured import MeasuredSet
from beholder.judgements import average_precision, spearman, twoafc_score
from beholder.spec import UsageError

HIDDEN = {"fine": 4.0, "coarse": 0.02, "useless": 0.0}
UNITS = {"fine": 1.0, "coarse": 200.0, "useless": 1.0}


def make_set(
    kind: str, rows: int = 6000, *, seed: int = 0, sure: float = 1.0, **hidden: float
) -> MeasuredSet:
    """People who go by hidden weights of three metrics; 3 rows to a reference picture."""
    generator = np.random.default_rng(seed)
    weights = HIDDEN | hidden
    width = 2 if kind == "triplets" else 1
    distances = {name: unit * generator.uniform(0, 1, (rows, width)) for name, unit in UNITS.items()}
    total = sure * sum(weights[name] * column for name, column in distances.items())
    if kind == "triplets":
        answers = generator.binomial(5, expit(total[:, 0] - total[:, 1])) / 5
    elif kind == "pairs":
        answers = generator.binomial(3, expit(3 - total[:, 0])) / 3
    else:
        answers = 60 - total[:, 0] + generator.normal(0, 0.5, rows)
    return MeasuredSet(
        kind=kind,  # type: ignore[arg-type]
        answers=answers,
        distances=distances,
        parts={},
        groups=np.arange(rows) // 3,
        places=np.arange(rows),
    )


@pytest.mark.parametrize("kind", ["triplets", "pairs", "ratings"])
def test_hidden_weights_are_found_in_their_own_units(kind: str) -> None:
    found = combine(make_set(kind))
    assert found.weights["fine"] == pytest.approx(4, rel=0.08)
    assert found.weights["coarse"] == pytest.approx(0.02, rel=0.08)
    assert found.weights["useless"] < 0.2
    assert found.shares["useless"] < 0.03
    assert sum(found.shares.values()) == pytest.approx(1)
    assert found.fold_weights.shape == (5, 3)


@pytest.mark.parametrize("kind", ["triplets", "pairs", "ratings"])
def test_what_misleads_weighs_nothing_and_nothing_weighs_less(kind: str) -> None:
    found = combine(make_set(kind, useless=-2.0))
    assert found.weights["useless"] == 0
    assert (found.fold_weights >= 0).all()
    assert found.weights["fine"] > 3


AGREEMENT = {
    "triplets": lambda distances, said: twoafc_score(*distances.T, said),
    "pairs": lambda distances, said: average_precision(distances[:, 0], said),
    "ratings": lambda distances, said: spearman(-distances[:, 0], said),
}


@pytest.mark.parametrize("kind", AGREEMENT)
def test_the_ensemble_agrees_better_than_its_members_on_rows_it_has_not_seen(kind: str) -> None:
    measured = make_set(kind, sure=2.0)
    tested = combine(measured).tested
    scores = {name: AGREEMENT[kind](each, tested.answers) for name, each in tested.distances.items()}
    assert scores[ENSEMBLE] > max(scores[name] for name in HIDDEN) + 0.02
    assert list(measured.distances) == list(HIDDEN)


def test_a_lower_opinion_that_is_the_better_one_is_turned() -> None:
    measured = make_set("ratings")
    turned = dataclasses.replace(measured, answers=-measured.answers, better="lower")
    assert combine(turned).weights == pytest.approx(combine(measured).weights)


@pytest.mark.parametrize("kind", ["triplets", "pairs", "ratings"])
def test_cross_validation_keeps_groups_apart(kind: str) -> None:
    # Each metric tells of one reference picture's rows alone: whoever has not seen these cannot know its weight.
    generator = np.random.default_rng(0)
    groups = np.repeat(np.arange(10), 30)
    width = 2 if kind == "triplets" else 1
    near = generator.uniform(0, 1, (len(groups), width))
    said = (near[:, 0] > near[:, 1] if kind == "triplets" else near[:, 0] < 0.5).astype(float)
    measured = MeasuredSet(
        kind=kind,  # type: ignore[arg-type]
        answers=said,
        distances={f"of {group}": near * (groups == group)[:, None] for group in range(10)},
        parts={},
        groups=groups,
        places=np.arange(len(groups)),
    )
    found = combine(measured)
    of_fold = assign_folds(groups, len(groups))
    for fold in range(5):
        held_out = found.tested.distances[ENSEMBLE][of_fold == fold]
        assert np.ptp(held_out) == pytest.approx(0, abs=1e-12)
    assert all(weight > 0 for weight in found.weights.values())


def test_folds_hold_whole_groups_and_are_as_large() -> None:
    groups = np.random.default_rng(1).integers(0, 23, 400)
    of_row = assign_folds(groups, 400, folds=5, seed=3)
    for group in range(23):
        assert len(set(of_row[groups == group])) == 1
    sizes = [len(set(groups[of_row == fold])) for fold in range(5)]
    assert sorted(sizes) == [4, 4, 5, 5, 5]
    assert np.array_equal(of_row, assign_folds(groups, 400, folds=5, seed=3))
    assert not np.array_equal(of_row, assign_folds(groups, 400, folds=5, seed=4))


def test_a_logistic_fit_is_the_best_there_is() -> None:
    generator = np.random.default_rng(2)
    columns = generator.normal(0, (1, 50), (500, 2))
    shares = generator.binomial(2, expit(columns @ [1.5, -0.1] + 0.7)) / 2

    def entropy(x: np.ndarray) -> float:
        odds = columns @ x[:2] + x[2]
        return float(np.mean(np.logaddexp(0, odds) - shares * odds))

    bounds = [(0, None), (0, None), (None, None)]
    expected = minimize(entropy, [1, 0, 0], bounds=bounds, method="Nelder-Mead", options={"xatol": 1e-7})
    found = fit_nonnegative_logistic(columns, shares, constant=True)
    assert np.allclose([*found.weights, found.constant], expected.x, atol=1e-4)
    assert found.weights[1] == 0


def test_choices_that_are_all_foretold_have_finite_weights() -> None:
    d0, d1 = np.random.default_rng(0).uniform(0, 1, (2, 200))
    fit = fit_nonnegative_logistic((d0 - d1)[:, None], (d0 > d1).astype(float))
    assert np.isfinite(fit.weights).all()
    assert fit.weights[0] > 10


def test_a_metric_that_is_always_the_same_weighs_nothing() -> None:
    measured = make_set("triplets", 300)
    flat = dataclasses.replace(measured, distances={**measured.distances, "flat": np.full((300, 2), 0.3)})
    assert combine(flat).weights["flat"] == 0


def test_what_teaches_nothing_is_refused() -> None:
    measured = make_set("triplets", 300)
    turned = {name: -column for name, column in measured.distances.items() if name != "useless"}
    with pytest.raises(UsageError, match="none of fine, coarse agrees with people"):
        combine(dataclasses.replace(measured, distances=turned))
    with pytest.raises(UsageError, match="100 reference pictures for 101 folds"):
        combine(measured, folds=101)
    with pytest.raises(UsageError, match="folds is 1; expected at least 2"):
        combine(measured, folds=1)
