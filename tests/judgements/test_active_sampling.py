"""Which pair to ask about next."""

from __future__ import annotations

import itertools
import time
from typing import Any

import choix
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import entr, ndtr
from scipy.stats import spearmanr

from beholder.judgements import information_gains, pick_pair, pick_tree, scale_posterior
from beholder.spec import UsageError


def on_a_grid(
    wins: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Mean, covariance and expected divergences of the posterior itself, by summing over a grid."""
    k = len(wins)
    axis = np.linspace(-4.5, 4.5, 61)
    points = np.stack(np.meshgrid(*[axis] * k, indexing="ij"), -1).reshape(-1, k)
    height = -0.5 * (points**2).sum(1)
    chances = ndtr(points[:, :, None] - points[:, None])
    height += (wins * np.log(np.maximum(chances, 1e-300))).sum((1, 2))
    weights = np.exp(height - height.max())
    weights /= weights.sum()
    mean = weights @ points
    covariance = (points * weights[:, None]).T @ points - np.outer(mean, mean)
    chance = np.tensordot(weights, chances, 1)
    noise = np.tensordot(weights, entr(chances) + entr(1 - chances), 1)
    return mean, covariance, entr(chance) + entr(1 - chance) - noise


def draw_counts(draw: np.random.Generator, k: int, most: int) -> NDArray[np.float64]:
    wins = draw.integers(0, most + 1, (k, k)).astype(float)
    np.fill_diagonal(wins, 0)
    return wins


def test_before_any_answer_it_is_the_prior() -> None:
    mean, covariance = scale_posterior(np.zeros((4, 4)), prior_deviation=0.7)
    assert mean == pytest.approx(0)
    assert covariance == pytest.approx(0.49 * np.eye(4))


@pytest.mark.parametrize("k", [2, 3])
def test_the_posterior_and_the_gains_are_those_of_a_grid(k: int) -> None:
    draw = np.random.default_rng(k)
    off, right = [], 0
    pairs = np.triu_indices(k, 1)
    for _ in range(15):
        wins = draw_counts(draw, k, 4)
        mean, covariance = scale_posterior(wins)
        centre, spread, told = on_a_grid(wins)
        assert mean - mean.mean() == pytest.approx(centre - centre.mean(), abs=0.16)
        assert np.sqrt(np.diag(covariance)) == pytest.approx(np.sqrt(np.diag(spread)), rel=0.08)
        gains = information_gains(mean, covariance)[pairs]
        off.append(np.abs(gains / told[pairs] - 1).max())
        right += gains.argmax() == told[pairs].argmax()
    assert np.median(off) < 0.06
    assert right >= 13


def test_expectation_propagation_agrees_where_there_are_answers() -> None:
    draw = np.random.default_rng(4)
    wins = draw_counts(draw, 6, 5)
    answers = [(i, j) for i, j in itertools.product(range(6), repeat=2) for _ in range(int(wins[i, j]))]
    centre, spread = choix.ep_pairwise(6, answers, 1.0, model="probit")
    mean, covariance = scale_posterior(wins)
    assert mean == pytest.approx(centre, abs=0.02)
    assert covariance == pytest.approx(spread, abs=0.01)


def test_closed_forms_are_those_of_integrals() -> None:
    mean, covariance = np.array([0.4, -0.3]), np.array([[0.9, 0.2], [0.2, 0.5]])
    mu, v = 0.7, 1.0
    steps = np.linspace(mu - 9, mu + 9, 20001)
    before = np.exp(-0.5 * (steps - mu) ** 2 / v)
    before /= before.sum()
    expected = 0.0
    for chance in (ndtr(steps), ndtr(-steps)):
        after = before * chance
        share = after.sum()
        after /= share
        moved = after @ steps
        variance = after @ (steps - moved) ** 2
        expected += share * 0.5 * (variance / v - 1 - np.log(variance / v) + (moved - mu) ** 2 / v)
    assert information_gains(mean, covariance)[0, 1] == pytest.approx(expected, abs=1e-6)


def test_gains_are_symmetric_and_never_negative() -> None:
    draw = np.random.default_rng(5)
    for most in (0, 1, 50, 5000):
        gains = information_gains(*scale_posterior(draw_counts(draw, 8, most)))
        assert np.array_equal(gains, gains.T)
        assert (gains[np.triu_indices(8, 1)] > 0).all()
        assert not np.diag(gains).any()
    known = information_gains([0.0, 60.0], np.zeros((2, 2)))
    assert known.tolist() == [[0, 0], [0, 0]]


def test_what_is_asked_tells_less_and_near_ones_tell_more() -> None:
    wins = np.zeros((4, 4))
    wins[0, 1], wins[1, 0] = 6, 6
    gains = information_gains(*scale_posterior(wins))
    assert gains[0, 1] == gains[np.triu_indices(4, 1)].min()
    near = information_gains([0.0, 0.1, 2.0], np.eye(3) * 0.2)
    assert near[0, 1] > near[0, 2]


def test_ties_count_as_halves() -> None:
    ties = np.array([[0, 4], [4, 0]])
    one, other = scale_posterior(np.zeros((2, 2)), ties=ties), scale_posterior([[0, 2], [2, 0]])
    assert one[1].tolist() == other[1].tolist()


def test_of_pairs_that_tell_as_much_chance_decides() -> None:
    draw = np.random.default_rng(6)
    gains = information_gains(*scale_posterior(np.zeros((4, 4))))
    seen = {pick_pair(gains, draw) for _ in range(300)}
    assert len(seen) == 12
    gains[1, 2] = gains[2, 1] = 9
    assert {pick_pair(gains, draw) for _ in range(40)} == {(1, 2), (2, 1)}
    again = [pick_pair(np.ones((5, 5)), np.random.default_rng(7)) for _ in range(2)]
    assert again[0] == again[1]


def test_pairs_may_be_ruled_out() -> None:
    gains = np.full((3, 3), -np.inf)
    gains[0, 2] = gains[2, 0] = 0.1
    assert set(pick_pair(gains, np.random.default_rng(0))) == {0, 2}
    with pytest.raises(UsageError, match="-inf everywhere"):
        pick_pair(np.full((3, 3), -np.inf), np.random.default_rng(0))


def test_a_tree_joins_all_and_tells_most() -> None:
    draw = np.random.default_rng(8)
    table = draw.uniform(0.01, 1, (5, 5))
    gains = table + table.T
    pairs = pick_tree(gains, draw)
    assert pairs.shape == (4, 2)
    trees = [
        tree for tree in itertools.combinations(itertools.combinations(range(5), 2), 4) if joins(tree, 5)
    ]
    cheapest = min(sum(1 / gains[pair] for pair in tree) for tree in trees)
    assert sum(1 / gains[i, j] for i, j in pairs) == pytest.approx(cheapest)
    told = [gains[i, j] for i, j in pairs]
    assert told == sorted(told, reverse=True)
    same = {tuple(sorted(map(tuple, np.sort(pick_tree(np.ones((4, 4)), draw), 1)))) for _ in range(60)}
    assert len(same) > 8


def joins(tree: tuple[tuple[int, int], ...], k: int) -> bool:
    reached = {0}
    for _ in range(k):
        reached |= {i for pair in tree if reached & set(pair) for i in pair}
    return len(reached) == k


def study(draw: np.random.Generator, truth: NDArray[np.float64], answers: int, how: str) -> float:
    k = len(truth)
    wins, pairs = np.zeros((k, k)), []
    for _ in range(answers):
        if how == "random":
            i, j = draw.choice(k, 2, replace=False)
        elif how == "tree":
            pairs = pairs or list(pick_tree(information_gains(*scale_posterior(wins)), draw))
            i, j = pairs.pop(0)
        else:
            i, j = pick_pair(information_gains(*scale_posterior(wins)), draw)
        won = draw.random() < ndtr(truth[i] - truth[j])
        wins[(i, j) if won else (j, i)] += 1
    return float(spearmanr(scale_posterior(wins)[0], truth).statistic)


def test_a_study_needs_fewer_answers_than_with_pairs_by_chance() -> None:
    draw = np.random.default_rng(9)
    truths = [np.sort(draw.normal(size=12)) * 1.5 for _ in range(25)]
    active, trees = (np.mean([study(draw, truth, 60, how) for truth in truths]) for how in ("pair", "tree"))
    chance = np.mean([study(draw, truth, 60, "random") for truth in truths])
    more = np.mean([study(draw, truth, 80, "random") for truth in truths])
    assert active > chance + 0.01
    assert active > more - 0.01
    assert trees > chance


def test_a_trial_of_thirty_is_quick() -> None:
    draw = np.random.default_rng(10)
    wins = draw_counts(draw, 30, 6)
    start = time.perf_counter()
    for _ in range(10):
        pick_pair(information_gains(*scale_posterior(wins)), draw)
    assert (time.perf_counter() - start) / 10 < 0.05


@pytest.mark.parametrize(
    ("mean", "covariance", "message"),
    [
        ([0, 0], np.eye(3), r"mean has the shape \(2,\) and covariance \(3, 3\)"),
        ([0], [[1]], "k at least 2"),
        ([0, np.nan], np.eye(2), "not finite"),
    ],
)
def test_what_is_no_posterior_is_told(mean: Any, covariance: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        information_gains(mean, covariance)


def test_other_impossible_requests_are_told() -> None:
    draw = np.random.default_rng(0)
    with pytest.raises(UsageError, match="prior_deviation is 0"):
        scale_posterior(np.zeros((2, 2)), prior_deviation=0)
    with pytest.raises(UsageError, match=r"gains have the shape \(2, 3\)"):
        pick_pair(np.zeros((2, 3)), draw)
    with pytest.raises(UsageError, match="not finite"):
        pick_tree([[0, -np.inf], [-np.inf, 0]], draw)
