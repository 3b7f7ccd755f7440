"""Scale values of pairwise comparisons."""

from __future__ import annotations

import sys
from typing import Any

import choix
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, log_ndtr, ndtr

from beholder.judgements import scale_values, scale_values_by_observer
from beholder.judgements.scaling import PairModel
from beholder.spec import MissingPackageError, UsageError

# Agresti, "Categorical Data Analysis", 2nd edition 2002, table 10.10: American League 1987, wins of the row's team over
# the column's; Milwaukee, Detroit, Toronto, New York, Boston, Cleveland, Baltimore.
BASEBALL = np.array(
    [
        [0, 7, 9, 7, 7, 9, 11],
        [6, 0, 7, 5, 11, 9, 9],
        [4, 6, 0, 7, 7, 8, 12],
        [6, 8, 6, 0, 6, 7, 10],
        [6, 2, 6, 7, 0, 7, 12],
        [4, 4, 5, 6, 6, 0, 6],
        [2, 4, 1, 3, 1, 7, 0],
    ]
)
# Stigler 1994, as BradleyTerry2 ships them: how often the row's journal was cited by the column's; Biometrika,
# Communications in Statistics, JASA, JRSS-B.
CITATIONS = np.array([[714, 730, 498, 221], [33, 425, 68, 17], [320, 813, 1072, 142], [284, 276, 325, 188]])
SHARE = {"bradley-terry": expit, "thurstone": ndtr}
MODELS: list[PairModel] = ["bradley-terry", "thurstone"]


def draw_wins(
    values: NDArray[np.float64], asked: int, model: PairModel, draw: np.random.Generator
) -> NDArray[np.float64]:
    wins = np.zeros((len(values), len(values)))
    for i, j in zip(*np.triu_indices(len(values), 1), strict=True):
        wins[i, j] = draw.binomial(asked, SHARE[model](values[i] - values[j]))
        wins[j, i] = asked - wins[i, j]
    return wins


def test_the_published_baseball_table() -> None:
    found = scale_values(BASEBALL, prior="none")
    against_last = found.values - found.values[6]
    # Table 10.11, column 3; standard errors of differences from Baltimore are "about 0.3".
    assert against_last[:6] == pytest.approx([1.58, 1.44, 1.29, 1.25, 1.11, 0.68], abs=0.005)
    cov = found.covariance
    errors = np.sqrt(np.diag(cov) + cov[6, 6] - 2 * cov[6])[:6]
    assert errors == pytest.approx(0.3, abs=0.05)
    assert not found.separated


def test_the_published_citations() -> None:
    wins = CITATIONS - np.diag(np.diag(CITATIONS))
    found = scale_values(wins, prior="none")
    # Turner and Firth, "Bradley-Terry Models in R: The BradleyTerry2 Package", JSS 2012, doi:10.18637/jss.v048.i09.
    assert found.values[1:] - found.values[0] == pytest.approx([-2.9491, -0.4796, 0.2690], abs=5e-5)
    cov = found.covariance
    errors = np.sqrt(np.diag(cov) + cov[0, 0] - 2 * cov[0])[1:]
    assert errors == pytest.approx([0.1025, 0.0606, 0.0708], abs=5e-5)


def test_choix_and_scipy_agree() -> None:
    draw = np.random.default_rng(0)
    wins = draw.uniform(0.2, 9, (6, 6))
    np.fill_diagonal(wins, 0)
    logistic = scale_values(wins, prior="none")
    assert logistic.values == pytest.approx(choix.ilsr_pairwise_dense(wins), abs=1e-6)
    normal = scale_values(wins, model="thurstone", prior="none")
    best = minimize(lambda s: -(wins * log_ndtr(s[:, None] - s)).sum() + s.sum() ** 2, np.zeros(6), tol=1e-9)
    assert normal.values == pytest.approx(best.x, abs=1e-5)
    for found in (logistic, normal):
        assert found.values.sum() == pytest.approx(0, abs=1e-9)
        assert found.errors == pytest.approx(np.sqrt(np.diag(found.covariance)))
        assert found.covariance.sum(0) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_two_things_by_hand(model: PairModel) -> None:
    # The weak prior of two things is half a vote for each.
    found = scale_values([[0, 7], [2, 0]], model=model)
    share = 7.5 / 10
    assert SHARE[model](found.values[0] - found.values[1]) == pytest.approx(share, abs=1e-7)
    if model == "bradley-terry":
        error = np.sqrt(1 / (10 * share * (1 - share)))
        assert found.errors == pytest.approx([error / 2, error / 2])
        assert found.high[0] - found.low[0] == pytest.approx(2 * 1.959964 * error / 2)


@pytest.mark.parametrize("model", MODELS)
def test_ties_are_halves_for_both(model: PairModel) -> None:
    wins, ties = np.array([[0, 3, 1], [2, 0, 4], [1, 1, 0]]), np.array([[0, 2, 0], [2, 0, 3], [0, 3, 0]])
    one = scale_values(wins, ties=ties, model=model)
    other = scale_values(wins + ties / 2, model=model)
    assert one.values.tolist() == other.values.tolist()
    turned = scale_values(wins.T, ties=ties, model=model)
    assert turned.values == pytest.approx(-one.values, abs=1e-6)
    assert turned.errors == pytest.approx(one.errors, abs=1e-6)
    only = scale_values(np.zeros((3, 3)), ties=ties, model=model)
    assert only.values == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_what_always_wins_is_held_or_refused(model: PairModel) -> None:
    wins = [[0, 5, 5], [0, 0, 3], [0, 2, 0]]
    found = scale_values(wins, model=model)
    assert found.separated
    assert found.values.argmax() == 0
    assert np.isfinite([found.values, found.low, found.high]).all()
    assert found.errors[0] > 0.3
    with pytest.raises(UsageError, match="thing 0 never lost to any other"):
        scale_values(wins, model=model, prior="none")


def test_what_no_question_joins_is_refused() -> None:
    wins = np.zeros((5, 5))
    wins[0, 1] = wins[1, 0] = wins[2, 3] = wins[3, 4] = wins[4, 2] = 1
    with pytest.raises(UsageError, match=r"joins things 0, 1 with things 2, 3, 4"):
        scale_values(wins)
    with pytest.raises(UsageError, match="joins thing 0 with things 1, 2"):
        scale_values([[0, 0, 0], [0, 0, 1], [0, 1, 0]])


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("asked", [3, 12])
def test_intervals_hold(model: PairModel, asked: int) -> None:
    draw = np.random.default_rng(asked)
    truth = np.linspace(-1, 1, 6)
    held = []
    for _ in range(300):
        found = scale_values(draw_wins(truth, asked, model, draw), model=model)
        held.append((found.low <= truth) & (truth <= found.high))
    assert np.mean(held) == pytest.approx(0.95, abs=0.02)


def ask_observers(
    draw: np.random.Generator, people: int, truth: NDArray[np.float64], spread: float
) -> tuple[NDArray[Any], ...]:
    """Answers to all pairs four times, of people whose own values differ from the truth."""
    one, two = np.triu_indices(len(truth), 1)
    one, two = np.tile(one, 4), np.tile(two, 4)
    observers = np.repeat(np.arange(people), len(one))
    own = truth + spread * draw.normal(size=(people, len(truth)))
    first, second = np.tile(one, people), np.tile(two, people)
    steps = own[observers, first] - own[observers, second]
    return observers, first, second, (draw.random(len(steps)) < ndtr(steps)).astype(float)


def test_intervals_by_observer_hold_where_observers_differ() -> None:
    draw = np.random.default_rng(1)
    values, spread = np.array([-0.9, -0.2, 0.3, 0.8]), 0.7
    # The value that the crowd has: shares of the mixture are again normal, but for the wider spread of differences.
    truth = values / np.sqrt(1 + 2 * spread**2)
    held, plain = [], []
    for seed in range(200):
        rows = ask_observers(draw, 15, values, spread)
        found = scale_values_by_observer(*rows, model="thurstone", resamples=400, seed=seed)
        held.append((found.low <= truth) & (truth <= found.high))
        naive = found.values + 1.96 * np.array([[-1], [1]]) * errors_of_counts(rows)
        plain.append((naive[0] <= truth) & (truth <= naive[1]))
    assert np.mean(held) == pytest.approx(0.95, abs=0.03)
    assert np.mean(plain) < 0.85


def errors_of_counts(rows: tuple[NDArray[Any], ...]) -> NDArray[np.float64]:
    return scale_values(count_wins(rows), model="thurstone").errors


def count_wins(rows: tuple[NDArray[Any], ...]) -> NDArray[np.float64]:
    _, first, second, preferred = rows
    wins = np.zeros((first.max() + 2,) * 2)[: second.max() + 1, : second.max() + 1]
    np.add.at(wins, (first, second), preferred)
    np.add.at(wins, (second, first), 1 - preferred)
    return wins


@pytest.mark.parametrize("model", MODELS)
def test_by_observer_and_by_counts_are_the_same_values(model: PairModel) -> None:
    draw = np.random.default_rng(2)
    rows = list(ask_observers(draw, 30, np.array([-0.5, 0, 0.5]), 0.0))
    rows[3][draw.random(len(rows[3])) < 0.2] = 0.5
    found = scale_values_by_observer(*rows, model=model)
    counted = scale_values(count_wins(tuple(rows)), model=model)
    assert found.values.tolist() == counted.values.tolist()
    assert found.errors == pytest.approx(counted.errors, rel=0.4)
    # What leaving observers out, one at a time, makes of it.
    left = []
    for observer in range(30):
        rest = rows[0] != observer
        left.append(scale_values(count_wins(tuple(row[rest] for row in rows)), model=model).values)
    jackknife = np.sqrt(29 / 30 * np.square(np.array(left) - np.mean(left, 0)).sum(0))
    assert found.errors == pytest.approx(jackknife, rel=0.05)
    again = scale_values_by_observer(rows[0], rows[2], rows[1], 1 - rows[3], model=model)
    assert again.low == pytest.approx(found.low)


@pytest.mark.parametrize(
    ("wins", "ties", "message"),
    [
        ([[0, 1]], None, r"wins has the shape \(1, 2\)"),
        ([[0]], None, r"wins has the shape \(1, 1\)"),
        ([[0, -1], [1, 0]], None, "wins holds what are no counts"),
        ([[1, 1], [1, 0]], None, "0 on the diagonal"),
        ([[0, np.nan], [1, 0]], None, "no counts"),
        ([["a", "b"], ["c", "d"]], None, "cannot be read as numbers"),
        ([[0, 1], [1, 0]], [[0, 1], [2, 0]], "a symmetric table"),
        ([[0, 1], [1, 0]], np.zeros((3, 3)), r"ties has the shape \(3, 3\)"),
    ],
)
def test_bad_tables_are_told(wins: Any, ties: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        scale_values(wins, ties=ties)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (([1, 1], [0, 0], [1, 1], [1, 0]), "1 different labels; expected at least 2"),
        (([1, 2], [0, 1.5], [1, 0], [1, 0]), "first is 1.5 in row 1"),
        (([1, 2], [0, 1], [1, -1], [1, 0]), "second is -1 in row 1"),
        (([1, 2], [0, 1], [1, 1], [1, 0]), "row 1 compares thing 1 with itself"),
        (([1, 2], [0, 1], [1, 0], [1, 2]), "preferred is 2 in row 1"),
        (([1, 2], [0, 1], [1, 0], [1]), "preferred has 1 rows"),
    ],
)
def test_bad_answers_are_told(rows: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        scale_values_by_observer(*rows)


@pytest.mark.parametrize("option", [{"model": "elo"}, {"prior": "strong"}, {"level": 95}])
def test_impossible_options_are_told(option: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="expected"):
        scale_values([[0, 1], [1, 0]], **option)


def test_without_choix_one_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "choix", None)
    with pytest.raises(MissingPackageError, match=r"beholder\[study\]"):
        scale_values([[0, 1], [1, 0]])
    assert scale_values([[0, 1], [1, 0]], model="thurstone").values == pytest.approx(0)
