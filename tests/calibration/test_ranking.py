"""The ranking network learns how sure people are."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from beholder.calibration.ranking import RankingNetwork, fit_ranking, predict_preference
from beholder.spec import UsageError


def make_judgements(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    d0, d1 = generator.uniform(0, 0.8, (2, count))
    chance = 1 / (1 + np.exp(-6 * (d0 - d1)))
    return d0, d1, generator.binomial(5, chance) / 5


def test_it_learns_how_sure_people_are() -> None:
    d0, d1, judge = make_judgements(4000)
    told: list[tuple[int, int]] = []
    network = fit_ranking(d0, d1, judge, epochs=20, tell=lambda *step: told.append(step))
    assert told[-1] == (25, 25)
    found = predict_preference(network, d0, d1)
    assert np.abs(found - 1 / (1 + np.exp(-6 * (d0 - d1)))).mean() < 0.06
    assert ((found > 0.5) == (d1 < d0)).mean() > 0.99


def test_the_order_of_candidates_does_not_matter() -> None:
    d0, d1, judge = make_judgements(200)
    network = fit_ranking(d0, d1, judge, epochs=1, decay=0)
    found, turned = predict_preference(network, d0, d1), predict_preference(network, d1, d0)
    assert np.allclose(found, 1 - turned, rtol=0, atol=1e-15)
    assert (predict_preference(network, d0, d0) == 0.5).all()


def test_equal_seeds_give_equal_networks_and_leave_chance_alone() -> None:
    d0, d1, judge = make_judgements(150)
    state = torch.random.get_rng_state()
    one, same, other = (fit_ranking(d0, d1, judge, epochs=1, decay=1, seed=seed) for seed in (3, 3, 4))
    assert torch.equal(torch.random.get_rng_state(), state)
    for left, right in zip(one.parameters(), same.parameters(), strict=True):
        assert torch.equal(left, right)
    assert not torch.equal(next(one.parameters()), next(other.parameters()))


def test_what_it_sees_and_loses_is_the_papers() -> None:
    torch.manual_seed(0)
    network = RankingNetwork()
    d0, d1, judge = torch.tensor([[0.2, 0.5], [0.4, 0.1], [0.25, 1.0]])
    seen = torch.tensor([[0.2, 0.4, -0.2, 0.2 / 0.5, 0.4 / 0.3], [0.5, 0.1, 0.4, 0.5 / 0.2, 0.1 / 0.6]])
    odds = network.layers(seen).squeeze(1)
    assert torch.allclose(network(d0, d1), odds)
    p = odds.sigmoid()
    expected = -(judge * p.log() + (1 - judge) * (1 - p).log()).mean()
    assert network.loss(d0, d1, judge).item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize(
    ("d0", "d1", "judge", "words"),
    [
        ([0.1], [0.2, 0.3], [1.0], "d1"),
        ([], [], [], "d0"),
        (["near"], [0.2], [1.0], "d0"),
        ([-0.1], [0.2], [1.0], "d0 holds -0.1"),
        ([0.1], [float("nan")], [1.0], "d1 is nan"),
        ([0.1], [0.2], [1.2], "judge is 1.2"),
    ],
)
def test_what_is_no_judgement_is_refused(
    d0: list[float], d1: list[float], judge: list[float], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        fit_ranking(d0, d1, judge)
